// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/systembus"
)

// UseDispatcher starts NetworkManager's dispatcher, which systemd does elsewhere, with those scripts, placed
// in /etc/NetworkManager/dispatcher.d as an administrator would.
func (d *Desktop) UseDispatcher(ctx context.Context, scripts ...string) error {
	const name, folder = "org.freedesktop.nm_dispatcher", "/etc/NetworkManager/dispatcher.d"
	for _, s := range scripts {
		text, err := os.ReadFile(s)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, filepath.Base(s))
		if err := errors.Join(d.put(path, string(text), 0o755), os.Chmod(d.Path(path), 0o755)); err != nil {
			return err
		}
	}
	if err := d.allow(systembus.Include("/usr/share/dbus-1/system.d/nm-dispatcher.conf")); err != nil {
		return err
	}
	program := "/usr/libexec/nm-dispatcher" // Debian 13
	if !exists(program) {
		program = "/usr/lib/NetworkManager/nm-dispatcher"
	}
	p, err := d.Start("nm-dispatcher", netns.Command{Args: []string{program, "--persist"}})
	if err != nil {
		return err
	}
	return d.awaitName(ctx, p, name)
}

// allow adds rules to those of the system bus.
func (d *Desktop) allow(rules ...string) error {
	d.rules = append(d.rules, rules...)
	if err := d.put(busConfigFile, d.busConfig(d.rules...), 0o644); err != nil {
		return err
	}
	return d.Bus.BusObject().Call("org.freedesktop.DBus.ReloadConfig", 0).Err
}
