// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// serviceUser is the system user the plugin's service changes to.
const serviceUser = "nm-softether"

// privateEtc gives the host an /etc of its own: links to the machine's files, which are mounted read-only, except for
// what the lab decides itself: name resolution, NetworkManager's folder and the users.
func (h *Host) privateEtc() error {
	orig, own := h.Path("/etc.machine"), h.Path("/etc")
	if err := errors.Join(os.MkdirAll(orig, 0o755), os.MkdirAll(filepath.Join(own, "NetworkManager"), 0o755)); err != nil {
		return err
	}
	if err := bind("/etc", orig, unix.MS_RDONLY); err != nil {
		return err
	}
	entries, err := os.ReadDir(orig)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.Name() {
		case "resolv.conf", "hosts", "nsswitch.conf", "NetworkManager", "passwd", "group":
			continue
		}
		if err := os.Symlink(filepath.Join(orig, e.Name()), filepath.Join(own, e.Name())); err != nil {
			return err
		}
	}
	files := map[string]string{
		"hosts":         "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 " + h.Name + "\n",
		"nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n",
	}
	// The user that systemd-sysusers makes when the plugin is installed.
	for name, line := range map[string]string{"passwd": serviceUser + ":x:990:990::/:/usr/sbin/nologin\n", "group": serviceUser + ":x:990:\n"} {
		b, err := os.ReadFile(filepath.Join(orig, name))
		if err != nil {
			return err
		}
		if files[name] = string(b); !strings.Contains("\n"+files[name], "\n"+serviceUser+":") {
			files[name] += line
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(own, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return bind(own, "/etc", 0)
}

// privateSys shows the host its own network interfaces in /sys. Read-only, because NetworkManager takes that as the
// sign of a container without udev and does not wait for it (nm-vpn-plugin.md 8.2).
func (h *Host) privateSys() error {
	if err := unix.Mount("sysfs", "/sys", "sysfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /sys: %w", err)
	}
	return nil
}
