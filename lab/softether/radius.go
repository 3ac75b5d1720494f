// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"network-manager-softether/lab/netns"
)

// radiusSecret is shared by the VPN server and FreeRADIUS.
const radiusSecret = "radsecret"

// A RADIUSUser is an account of the company that the VPN server itself does not know.
type RADIUSUser struct {
	Name, Password string
	// Delay is how long the answer takes, as when somebody has to confirm it on a phone.
	Delay time.Duration
}

// RADIUSPatience is how long the VPN server waits for RADIUS at most, with the longest interval between two requests
// that it can be set to (seen on 5.01.9674 and 5.02.5188: 15 s, and then up to the end of the interval; 4.44.9807: 10 s).
func (s *Server) RADIUSPatience(ctx context.Context) (time.Duration, error) {
	four, err := s.Version4(ctx)
	if four {
		return 10 * time.Second, err
	}
	return 20 * time.Second, err
}

// UseRADIUS gives the hub a FreeRADIUS that knows these users, and admits whoever it knows. It serves until
// the lab closes; use it once per lab.
func (s *Server) UseRADIUS(ctx context.Context, hub string, users ...RADIUSUser) error {
	const dir = "/var/log/freeradius" // one of the host's own directories
	if err := os.MkdirAll(s.Host.Path(dir), 0o755); err != nil {
		return err
	}
	var accounts, delays, programs strings.Builder
	for i, u := range users {
		delay := 0
		if u.Delay > 0 {
			delay = i + 1
			fmt.Fprintf(&programs, "exec confirm%d {\nwait = yes\nprogram = \"/bin/sleep %d\"\ntimeout = 60\nshell_escape = yes\n}\n", delay, int(u.Delay.Seconds()))
			fmt.Fprintf(&delays, "if (&control:Tmp-Integer-0 == %d) {\nconfirm%d\n}\n", delay, delay)
		}
		fmt.Fprintf(&accounts, "%q Cleartext-Password := %q, Tmp-Integer-0 := %d\n", u.Name, u.Password, delay)
	}
	conf := fmt.Sprintf(`prefix = /usr
name = freeradius
logdir = %[1]s
run_dir = %[1]s
libdir = /usr/lib/freeradius
max_request_time = 90
log {
	destination = stdout
	auth = yes
}
security {
	reject_delay = 0
	status_server = no
}
thread pool {
	start_servers = 2
	max_servers = 8
	min_spare_servers = 1
	max_spare_servers = 4
	max_requests_per_server = 0
}
client vpnserver {
	ipaddr = 127.0.0.1
	secret = %[2]s
}
modules {
	pap {
	}
	files {
		filename = %[1]s/users
	}
	%[3]s
}
server company {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = 1812
	}
	authorize {
		files
		pap
		%[4]s
	}
	authenticate {
		Auth-Type PAP {
			pap
		}
	}
}
`, dir, radiusSecret, programs.String(), delays.String())
	err := errors.Join(
		os.WriteFile(s.Host.Path(dir+"/radiusd.conf"), []byte(conf), 0o644),
		os.WriteFile(s.Host.Path(dir+"/users"), []byte(accounts.String()), 0o644))
	if err != nil {
		return err
	}
	p, err := s.Host.Start("freeradius", netns.Command{Args: []string{"freeradius", "-f", "-d", dir, "-l", "stdout"}})
	if err != nil {
		return err
	}
	err = netns.Await(ctx, "FreeRADIUS", serverLimit, func() error {
		if err := p.Running(); err != nil {
			return err
		}
		// To try whether its port is taken would take it from FreeRADIUS now and then.
		if !strings.Contains(s.RADIUSLog(), "Ready to process requests") {
			return errors.New("it is not ready yet")
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.Admin(ctx, fmt.Sprintf(
		"Hub %s\nRadiusServerSet 127.0.0.1:1812 /SECRET:%s /RETRY_INTERVAL:10000\nUserCreate * /GROUP:none /REALNAME:none /NOTE:none\nUserRadiusSet * /ALIAS:none\nFlush",
		hub, radiusSecret))
	return err
}

// RADIUSLog returns what FreeRADIUS has logged: a line per login.
func (s *Server) RADIUSLog() string {
	b, _ := os.ReadFile(s.Host.Path("/freeradius.log"))
	return string(b)
}
