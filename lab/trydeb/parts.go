// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

const profileName = "office"

func (t *trial) connect() error {
	if _, err := t.sh("sed", "-n", "2,5p", "/usr/lib/NetworkManager/VPN/nm-softether-service.name"); err != nil {
		return err
	}
	l, err := lab.Start(t.ctx, lab.Options{Plugin: desktop.Plugin{Installed: true}})
	if err != nil {
		return err
	}
	t.lab = l
	pin, err := l.Server.Fingerprint(t.ctx)
	if err != nil {
		return err
	}
	v := desktop.VPN{
		Name: profileName, Password: softether.Alice.Password, Data: map[string]string{
			"gateway": plan.ServerName, "hub": softether.HubOffice, "user": softether.Alice.Name, "server-cert-sha256": strings.ReplaceAll(pin, ":", ""),
		},
		More: []string{"connection.permissions", "user:" + netns.PersonName},
	}
	for _, args := range [][]string{{"id", "-un"}, append([]string{"nmcli"}, v.Args()...), {"nmcli", "connection", "up", profileName}} {
		if _, err := t.must(args...); err != nil {
			return err
		}
	}
	if err := t.isNotRoot(); err != nil {
		return err
	}
	return t.lives()
}

// isNotRoot shows whom the bus takes the connection's service for, by the installed policy and the package's user.
func (t *trial) isNotRoot() error {
	bus := t.lab.Desktop.Bus.BusObject()
	var names []string
	if err := bus.CallWithContext(t.ctx, "org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "org.freedesktop.NetworkManager.softether") {
			continue
		}
		var uid uint32
		if err := bus.CallWithContext(t.ctx, "org.freedesktop.DBus.GetConnectionUnixUser", 0, name).Store(&uid); err != nil {
			return err
		}
		fmt.Printf("    the bus takes the owner of %s for user %d\n", name, uid)
		if uid == 0 {
			return fmt.Errorf("the bus takes the service for root:\n%s", t.lab.Desktop.VPNLog(0))
		}
		return nil
	}
	return fmt.Errorf("no service among the names on the bus: %v", names)
}

// lives shows that traffic goes through the tunnel.
func (t *trial) lives() error {
	if _, err := t.must("nm-softether-status", profileName); err != nil {
		return err
	}
	rtt, err := t.lab.Desktop.Ping(t.ctx, plan.OfficeGateway)
	if err == nil {
		fmt.Printf("    %v in the office answers a ping in %v\n", plan.OfficeGateway, rtt)
	}
	return err
}

// upgrade installs a later version of the same files.
func (t *trial) upgrade() error {
	before := t.lab.Desktop.Services()
	later, err := t.later(t.core)
	if err != nil {
		return err
	}
	laterGnome, err := t.later(t.gnome)
	if err != nil {
		return err
	}
	if _, err := t.sh("dpkg", "-i", "--force-depends", later, laterGnome); err != nil {
		return err
	}
	after := t.lab.Desktop.Services()
	if len(before) != 1 || !slices.Equal(before, after) {
		return fmt.Errorf("the services were %v and are %v", before, after)
	}
	fmt.Println("    the connection's process is still", after[0])
	if err := t.lives(); err != nil {
		return err
	}
	if _, err := t.must("nmcli", "connection", "down", profileName); err != nil {
		return err
	}
	if _, err := t.must("nmcli", "connection", "up", profileName); err != nil {
		return err
	}
	if now := t.lab.Desktop.Services(); slices.Equal(now, before) {
		return fmt.Errorf("after a new start the process is still %v", now)
	}
	return t.lives()
}

// later makes a package of a higher version from one.
func (t *trial) later(path string) (string, error) {
	dir, err := os.MkdirTemp("", "later")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if _, err := t.sh("dpkg-deb", "-R", path, dir); err != nil {
		return "", err
	}
	control := filepath.Join(dir, "DEBIAN", "control")
	text, err := os.ReadFile(control)
	if err != nil {
		return "", err
	}
	// The desktop's package requires the other in exactly its version, so this changes both places.
	version := ""
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "Version: "); ok {
			version = strings.TrimSpace(v)
		}
	}
	changed := strings.ReplaceAll(string(text), version, version+"+later")
	if err := os.WriteFile(control, []byte(changed), 0o644); err != nil {
		return "", err
	}
	out := filepath.Join(os.TempDir(), "later_"+filepath.Base(path))
	_, err = t.sh("dpkg-deb", "--root-owner-group", "-Znone", "-b", dir, out)
	return out, err
}

func (t *trial) remove() error {
	if _, err := t.sh("dpkg", "-r", gnomePackage); err != nil {
		return err
	}
	if err := t.dialogIs("/usr/lib/NetworkManager/softether/auth-dialog"); err != nil {
		return err
	}
	if _, err := t.sh("dpkg", "-r", corePackage); err != nil {
		return err
	}
	rtt, err := t.lab.Desktop.Ping(t.ctx, plan.OfficeGateway)
	if err != nil {
		return fmt.Errorf("the connection died with the package: %w", err)
	}
	fmt.Printf("    the connection lives on: a ping takes %v\n", rtt)
	if _, err := t.must("nmcli", "connection", "down", profileName); err != nil {
		return err
	}
	if r, err := t.person("nmcli", "connection", "up", profileName); err != nil || r.Code == 0 {
		return fmt.Errorf("a connection without a plugin: %+v (%v)", r, err)
	}
	return nil
}

func (t *trial) purge() error {
	if _, err := t.sh("dpkg", "-P", corePackage, gnomePackage); err != nil {
		return err
	}
	var left []string
	for _, top := range []string{"/etc", "/usr", "/var/lib/NetworkManager"} {
		err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
			name := strings.ToLower(e.Name())
			if strings.Contains(name, "nm-softether") || strings.Contains(name, corePackage) || strings.Contains(name, "networkmanager.softether") {
				left = append(left, path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("left behind: %v", left)
	}
	fmt.Println("    no file is left behind; the system user stays, as Debian wants it")
	return nil
}

func (t *trial) again() error {
	if _, err := t.sh("dpkg", "-i", t.core); err != nil {
		return err
	}
	if _, err := t.must("nmcli", "connection", "up", profileName); err != nil {
		return err
	}
	if err := t.lives(); err != nil {
		return err
	}
	_, err := t.must("nmcli", "connection", "delete", profileName)
	return err
}
