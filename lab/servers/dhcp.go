// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// The DHCP servers and the router that can replace dnsmasq in the office, by their names in [Office.Serve].
const (
	Kea    = "kea-dhcp4"
	ISC    = "dhcpd"
	ISC6   = "dhcpd6" // the same for DHCPv6
	Udhcpd = "udhcpd"
	Radvd  = "radvd"
)

// Serve starts one of these with a configuration in its own syntax, as the only server if dnsmasq has been
// silenced. The office's interface is called eth0.
func (o *Office) Serve(ctx context.Context, program, config string) (*netns.Process, error) {
	dir, err := os.MkdirTemp(o.dir, program)
	if err != nil {
		return nil, err
	}
	file, leases := filepath.Join(dir, "conf"), filepath.Join(dir, "leases")
	if program == Udhcpd {
		config = "interface eth0\nlease_file " + leases + "\npidfile " + filepath.Join(dir, "pid") + "\n" + config
	}
	for name, text := range map[string]string{file: config, leases: ""} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	c, ready := netns.Command{}, ""
	switch program {
	case Kea:
		c.Args = []string{Kea, "-c", file}
		c.Env = []string{"KEA_PIDFILE_DIR=" + dir, "KEA_LOCKFILE_DIR=" + dir, "KEA_LOGGER_DESTINATION=stdout"}
		ready = "DHCP4_STARTED"
	case ISC:
		c.Args = []string{ISC, "-4", "-f", "-d", "-cf", file, "-lf", leases, "-pf", filepath.Join(dir, "pid"), "eth0"}
		ready = "Server starting service"
	case ISC6:
		c.Args = []string{ISC, "-6", "-f", "-d", "-cf", file, "-lf", leases, "-pf", filepath.Join(dir, "pid"), "eth0"}
		ready = "Server starting service"
	case Udhcpd:
		c.Args = []string{Udhcpd, "-f", file}
		ready = "started"
	case Radvd:
		c.Args = []string{Radvd, "-n", "-m", "stderr", "-d", "1", "-C", file, "-p", filepath.Join(dir, "pid")}
		ready = "started"
	default:
		return nil, fmt.Errorf("the lab does not know how to start %s", program)
	}
	p, err := o.Start(program, c)
	if err != nil {
		return nil, err
	}
	return p, netns.Await(ctx, program, officeLimit, func() error {
		if err := p.Running(); err != nil {
			return err
		}
		if log := p.Tail(1000); !strings.Contains(log, ready) {
			return fmt.Errorf("%s has not said %q: %s", program, ready, log)
		}
		return nil
	})
}

// KeaConfig returns a configuration of Kea for the office: 10.20.0.100 to 199, with further members of the
// subnet's object, as in `"option-data": [...]`. Its lease time and the rest can be set that way as well.
func KeaConfig(more ...string) string {
	return fmt.Sprintf(`{"Dhcp4": {
	"interfaces-config": {"interfaces": ["eth0"]},
	"lease-database": {"type": "memfile", "persist": false},
	"loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "stdout"}], "severity": "INFO"}],
	"subnet4": [{"id": 1, "subnet": "%v", "pools": [{"pool": "10.20.0.100 - 10.20.0.199"}]%s}]}}`,
		plan.OfficeNet, strings.Join(append([]string{""}, more...), ", "))
}
