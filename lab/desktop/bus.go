// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"os"
	"path/filepath"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/netns"
)

const busConfigFile = "/etc/dbus.conf"

// startBus starts the system bus and connects to it.
func (d *Desktop) startBus(ctx context.Context) error {
	args := []string{"dbus-daemon", "--config-file=" + busConfigFile, "--nofork", "--nopidfile"}
	if d.plugin.Broker {
		var err error
		if args, err = broker(); err != nil {
			return err
		}
	}
	bus, err := d.Start("dbus", netns.Command{Args: args})
	if err != nil {
		return err
	}
	return netns.Await(ctx, "D-Bus", nmLimit, func() error {
		if err := bus.Running(); err != nil {
			return err
		}
		socket := d.Path(netns.BusSocket)
		if err := os.Chmod(socket, 0o666); err != nil { // systemd-socket-activate makes it for its own user
			return err
		}
		var err error
		d.Bus, err = dbus.Connect("unix:path=" + socket)
		return err
	})
}

// broker returns the command line that runs dbus-broker-launch, and it dbus-broker, as systemd does: with the
// socket open already. The one starts the other by its full path, so its folder is mounted there.
func broker() ([]string, error) {
	program, err := unpacked("/usr/bin/dbus-broker-launch")
	if err != nil {
		return nil, err
	}
	const run = `mount --bind "$0" /usr/bin && exec /usr/bin/dbus-broker-launch --scope system --config-file "$1"`
	return []string{
		"systemd-socket-activate", "--listen=" + netns.BusSocket,
		"unshare", "--mount", "sh", "-c", run, filepath.Dir(program), busConfigFile,
	}, nil
}
