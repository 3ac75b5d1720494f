// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"network-manager-softether/lab/procfs"
)

// Services lists the process IDs of the plugin's service on the desktop.
func (d *Desktop) Services() []int {
	return slices.DeleteFunc(d.PIDs(), func(pid int) bool { return filepath.Base(procfs.Program(pid)) != "nm-softether-service" })
}

// Asked returns an error unless, since that mark of its log, NetworkManager has been asked to connect the
// profile of that name.
func (d *Desktop) Asked(mark int, name string) error {
	for line := range strings.Lines(d.NMLog(mark)) {
		if strings.Contains(line, `op="connection-activate"`) && strings.Contains(line, `name="`+name+`"`) {
			return nil
		}
	}
	return fmt.Errorf("nobody has asked NetworkManager to connect %s", name)
}

// TAPs lists the TAP interfaces on the desktop.
func (d *Desktop) TAPs() ([]string, error) {
	links, err := d.Net.LinkList()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, l := range links {
		if l.Type() == "tuntap" || l.Type() == "tun" {
			names = append(names, l.Attrs().Name)
		}
	}
	return names, nil
}

// ResolvConf returns the desktop's /etc/resolv.conf.
func (d *Desktop) ResolvConf() string {
	b, _ := os.ReadFile(d.Path("/etc/resolv.conf"))
	return string(b)
}
