// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A User is an account that exists on both hubs.
type User struct {
	Name, Password string
	AuthType       string // the value of the profile key auth-type
}

// The users of both hubs. A SoftEther server also accepts plain-password for every user with a password.
var (
	Alice     = User{"alice", "secret1", "password"}
	Mixed     = User{"MixedCase", "PaSSword", "password"}
	Accented  = User{"zoe", "Grüße-čaj-密码", "password"}
	Anonymous = User{"guest", "", "anonymous"}
	Expired   = User{"expired", "secret1", "password"}
	OneLogin  = User{"onlyone", "secret1", "password"} // policy MultiLogins=1
	Forced    = User{"forced", "secret1", "password"}  // policy DHCPForce
)

// setupScript returns the initial configuration of the server, in vpncmd's syntax.
func setupScript() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("ServerPasswordSet %s", adminPassword)
	for _, hub := range []string{HubNAT, HubOffice} {
		line("HubCreate %s /PASSWORD:hubpw", hub)
		line("Hub %s", hub)
		for _, u := range []User{Alice, Mixed, Accented, Anonymous, Expired, OneLogin, Forced} {
			line(`UserCreate %s /GROUP:none /REALNAME:none /NOTE:none`, u.Name)
			if u.AuthType == "anonymous" {
				line("UserAnonymousSet %s", u.Name)
			} else {
				line("UserPasswordSet %s /PASSWORD:%s", u.Name, u.Password)
			}
		}
		line(`UserExpiresSet %s /EXPIRES:"2020/01/01 00:00:00"`, Expired.Name)
		line("UserPolicySet %s /NAME:MultiLogins /VALUE:1", OneLogin.Name)
		line("UserPolicySet %s /NAME:DHCPForce /VALUE:yes", Forced.Name)
	}
	line("Hub %s", HubNAT)
	// The other two kinds of NAT make SoftEther first look for a DHCP server on every interface.
	line("ExtOptionSet DisableKernelModeSecureNAT /VALUE:1")
	line("ExtOptionSet DisableIpRawModeSecureNAT /VALUE:1")
	line("SecureNatEnable")
	line("DhcpSet /START:%v.10 /END:%v.200 /MASK:255.255.255.0 /EXPIRE:7200 /GW:%v /DNS:%v /DNS2:none /DOMAIN:nat.test /LOG:yes /PUSHROUTE:none",
		"192.168.30", "192.168.30", plan.NATGateway, plan.NATGateway)
	line("BridgeCreate %s /DEVICE:%s /TAP:yes", HubOffice, strings.TrimPrefix(OfficeTAP, "tap_"))
	line("Flush") // a server killed later must find its configuration on disk
	return b.String()
}

// Admin runs vpncmd commands, one per line, as the server's administrator and returns their output. If the
// server refuses a command, that is an error.
func (s *Server) Admin(ctx context.Context, script string) (string, error) {
	return s.vpncmd(ctx, adminPassword, script)
}

func (s *Server) adminAs(ctx context.Context, password, script string) error {
	_, err := s.vpncmd(ctx, password, script)
	return err
}

func (s *Server) vpncmd(ctx context.Context, password, script string) (string, error) {
	file, err := os.CreateTemp(s.dir, "vpncmd")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := file.WriteString(script + "\n"); err != nil {
		return "", err
	}
	args := []string{s.program("vpncmd", "vpncmd"), "127.0.0.1:5555", "/SERVER", "/IN:" + file.Name()}
	if password != "" {
		args = append(args, "/PASSWORD:"+password)
	}
	var res netns.Result
	err = netns.Await(ctx, "the VPN server to hear vpncmd", unheardLimit, func() error {
		var err error
		if res, err = s.Host.Run(ctx, netns.Command{Args: args, Env: s.buildEnv()}); err != nil {
			return netns.Hopeless(err)
		}
		if unheard(res) && s.proc.Running() == nil {
			return fmt.Errorf("vpncmd: %s", res.Text())
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	// A script goes on after a refused command, so the exit status alone is not conclusive.
	if res.Code != 0 || strings.Contains(res.Stdout, "Error occurred. (Error code:") || strings.Contains(res.Stdout, `/HELP" to see `) {
		return res.Stdout, fmt.Errorf("vpncmd: %s", res.Text())
	}
	return res.Stdout, nil
}

const unheardLimit = 5 * time.Second

// unheard reports that vpncmd never got as far as its prompt, so no command was executed: a server that has
// just started to listen, or restarts for its role in a cluster, sometimes closes the first connections.
func unheard(res netns.Result) bool {
	return res.Code != 0 && strings.Contains(res.Stdout, "Error occurred. (Error code: 1)") && !strings.Contains(res.Stdout, "VPN Server")
}

var sessionName = regexp.MustCompile(`(?m)^Session Name\s*\|(SID-\S+)`)

// Sessions lists the names of a user's sessions on a hub.
func (s *Server) Sessions(ctx context.Context, hub string, u User) ([]string, error) {
	out, err := s.Admin(ctx, "Hub "+hub+"\nSessionList")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range sessionName.FindAllStringSubmatch(out, -1) {
		if strings.HasPrefix(m[1], "SID-"+strings.ToUpper(u.Name)+"-") {
			names = append(names, m[1])
		}
	}
	return names, nil
}

// Kick disconnects all sessions of a user on a hub, as an administrator would.
func (s *Server) Kick(ctx context.Context, hub string, u User) error {
	names, err := s.Sessions(ctx, hub, u)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("user %s has no session on hub %s", u.Name, hub)
	}
	kicked := 0
	for _, n := range names {
		_, err := s.Admin(ctx, "Hub "+hub+"\nSessionDisconnect "+n)
		switch {
		case err == nil:
			kicked++
		case !strings.Contains(err.Error(), noSuchObject): // one that an earlier test left has ended meanwhile
			return err
		}
	}
	if kicked == 0 {
		return fmt.Errorf("none of the sessions %v of user %s was there any more", names, u.Name)
	}
	return nil
}

// noSuchObject is how vpncmd reports that the named object does not exist.
const noSuchObject = "(Error code: 29)"

// SetHub takes a hub online or offline.
func (s *Server) SetHub(ctx context.Context, hub string, online bool) error {
	command := "Offline"
	if online {
		command = "Online"
	}
	_, err := s.Admin(ctx, "Hub "+hub+"\n"+command)
	return err
}

// UseSignedCert makes the server present a certificate for its names and addresses, signed by CA.
func (s *Server) UseSignedCert(ctx context.Context) error {
	if s.CA == nil {
		ca, err := NewAuthority("Lab CA")
		if err != nil {
			return err
		}
		s.CA = ca
	}
	cert, key, err := s.CA.Issue(plan.ServerName, []string{plan.ServerName}, plan.ServerAddr, plan.ServerAddr6)
	if err != nil {
		return err
	}
	return s.SetCert(ctx, cert, key)
}

// SetCert installs a certificate and its key, both PEM. Existing sessions stay.
func (s *Server) SetCert(ctx context.Context, cert, key []byte) error {
	certFile, keyFile := filepath.Join(s.dir, "server.crt"), filepath.Join(s.dir, "server.key")
	if err := os.WriteFile(certFile, cert, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(keyFile, key, 0o600); err != nil {
		return err
	}
	_, err := s.Admin(ctx, "ServerCertSet /LOADCERT:"+certFile+" /LOADKEY:"+keyFile+"\nFlush")
	return err
}

// NewCert makes the server present a new self-signed certificate.
func (s *Server) NewCert(ctx context.Context) error {
	_, err := s.Admin(ctx, "ServerCertRegenerate "+plan.ServerName+"\nFlush")
	return err
}
