// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Person and PersonName are the user who sits at the desktop, and no administrator.
const (
	Person     = 1000
	PersonName = "joe"
)

// ServiceUser and serviceUser are the system user the plugin's service changes to.
const (
	ServiceUser = 990
	serviceUser = "nm-softether"
)

// PrivateEtc gives the host an /etc of its own: links to the machine's files, which are mounted read-only,
// except for what the lab itself decides: name resolution, NetworkManager's directory and the users.
func (h *Host) PrivateEtc() error {
	orig, own := h.Path("/etc.machine"), h.Path("/etc")
	if err := errors.Join(os.MkdirAll(orig, 0o755), os.MkdirAll(filepath.Join(own, "NetworkManager"), 0o755)); err != nil {
		return err
	}
	if err := Bind("/etc", orig, unix.MS_RDONLY); err != nil {
		return err
	}
	entries, err := os.ReadDir(orig)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.Name() {
		case "resolv.conf", "hosts", "nsswitch.conf", "NetworkManager", "network", "polkit-1", "passwd", "group":
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
	for _, name := range []string{"passwd", "group"} {
		b, err := os.ReadFile(filepath.Join(orig, name))
		if err != nil {
			return err
		}
		files[name] = withUsers(string(b), name)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(own, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return Bind(own, "/etc", 0)
}

// withUsers adds to the machine's users, or groups, that of the plugin, as systemd-sysusers creates it on
// installation, and the person.
func withUsers(machine, kind string) string {
	person := fmt.Sprintf("%s:x:%d:", PersonName, Person)
	add := fmt.Sprintf("%s\n%s:x:%d:\nnetdev:x:989:%s\n", person, serviceUser, ServiceUser, PersonName)
	if kind == "passwd" {
		add = fmt.Sprintf("%s%d::/:/bin/sh\n%s:x:%d:%d::/:/usr/sbin/nologin\n", person, Person, serviceUser, ServiceUser, ServiceUser)
	}
	var all strings.Builder
	for line := range strings.Lines(machine) {
		f := strings.Split(line, ":")
		if len(f) > 2 && (f[0] == PersonName || f[2] == fmt.Sprint(Person) || f[0] == serviceUser || f[0] == "netdev") {
			continue
		}
		all.WriteString(line)
	}
	return all.String() + add
}

// PrivateSys shows the host its own network interfaces in /sys. It is read-only because NetworkManager takes
// that as the sign of a container without udev and does not wait for it (networkmanager.md 8.2).
func (h *Host) PrivateSys() error {
	if err := unix.Mount("sysfs", "/sys", "sysfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /sys: %w", err)
	}
	// The journal wants to see the groups of processes, wherever the machine has them.
	const groups = "/sys/fs/cgroup"
	if err := unix.Mount("cgroup2", groups, "cgroup2", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting %s: %w", groups, err)
	}
	if err := unix.Mount("", groups, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("making %s read-only: %w", groups, err)
	}
	return nil
}
