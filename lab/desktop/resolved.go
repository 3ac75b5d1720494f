// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/systembus"
)

// Unpacked is where install-packages unpacks what it must not install: systemd-resolved would take over the
// machine's own resolv.conf. On a machine that has it installed, the directory does not exist.
const Unpacked = "/var/cache/network-manager-softether-lab"

const (
	resolvedName = "org.freedesktop.resolve1"
	resolvedUser = "systemd-resolve"
	resolvedDir  = "/run/systemd/resolve"
	resolvectl   = "/usr/bin/resolvectl"
)

// unpacked returns the file of a package, either installed or in Unpacked.
func unpacked(paths ...string) (string, error) {
	for _, root := range []string{Unpacked, "/"} {
		for _, p := range paths {
			if file := filepath.Join(root, p); exists(file) {
				return file, nil
			}
		}
	}
	return "", fmt.Errorf("%s is missing: run lab/install-packages", paths[0])
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// resolvedCaps is the CapabilityBoundingSet of systemd-resolved.service, plus what changing to its user
// takes.
var resolvedCaps = []uintptr{unix.CAP_SETPCAP, unix.CAP_NET_RAW, unix.CAP_NET_BIND_SERVICE, unix.CAP_SETUID, unix.CAP_SETGID}

// UseResolved gives the desktop Debian's systemd-resolved, set up as by its package: resolv.conf leads to it,
// and NetworkManager, which is restarted, tells it everything.
func (d *Desktop) UseResolved(ctx context.Context) error {
	program, err := unpacked("/lib/systemd/systemd-resolved", "/usr/lib/systemd/systemd-resolved")
	if err != nil {
		return err
	}
	policy, err := unpacked("/usr/share/dbus-1/system.d/" + resolvedName + ".conf")
	if err != nil {
		return err
	}
	if err := d.addResolvedUser(); err != nil {
		return err
	}
	if err := d.allow(systembus.Include(policy)); err != nil {
		return err
	}
	if err := d.StopNM(ctx, syscall.SIGTERM); err != nil {
		return err
	}
	// Before it starts: it would take servers that NetworkManager left there for everybody's.
	conf := d.Path("/etc/resolv.conf")
	if err := errors.Join(os.RemoveAll(conf), os.Symlink(".."+resolvedDir+"/stub-resolv.conf", conf)); err != nil {
		return err
	}
	p, err := d.Start("systemd-resolved", netns.Command{Args: []string{program}, Caps: resolvedCaps})
	if err != nil {
		return err
	}
	if err := d.awaitName(ctx, p, resolvedName); err != nil {
		return err
	}
	return d.StartNM(ctx)
}

// addResolvedUser creates the user that the package creates, and the directory that systemd gives it.
func (d *Desktop) addResolvedUser() error {
	u, err := user.Lookup(resolvedUser)
	if err != nil {
		u = &user.User{Uid: "988", Gid: "988"}
		for name, line := range map[string]string{
			"/etc/passwd": resolvedUser + ":x:988:988::/:/usr/sbin/nologin\n",
			"/etc/group":  resolvedUser + ":x:988:\n",
		} {
			text, err := os.ReadFile(d.Path(name))
			if err != nil {
				return err
			}
			if err := d.put(name, string(text)+line, 0o644); err != nil {
				return err
			}
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	dir := d.Path(resolvedDir)
	return errors.Join(os.MkdirAll(dir, 0o755), os.Chown(dir, uid, gid))
}

// Resolvectl runs resolvectl and returns what it prints.
func (d *Desktop) Resolvectl(ctx context.Context, args ...string) (string, error) {
	program, err := unpacked(resolvectl)
	if err != nil {
		return "", err
	}
	return d.Must(ctx, append([]string{program}, args...)...)
}
