// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/systembus"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// A Desktop is the computer of the person who uses the VPN.
type Desktop struct {
	*Host
	// Bus is a connection to the desktop's system bus, as root.
	Bus *dbus.Conn

	lab *Lab
	nm  *Process
}

const (
	busSocket = "/run/dbus/system_bus_socket"
	nmLimit   = 15 * time.Second
	vpnDir    = "/usr/lib/NetworkManager/VPN"

	nmName = "org.freedesktop.NetworkManager"
	nmPath = "/org/freedesktop/NetworkManager"
)

// nmCaps is the CapabilityBoundingSet of Debian's NetworkManager.service: its VPN services have no more than that.
var nmCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_DAC_OVERRIDE, unix.CAP_NET_RAW, unix.CAP_NET_BIND_SERVICE,
	unix.CAP_SETGID, unix.CAP_SETUID, unix.CAP_SYS_MODULE, unix.CAP_AUDIT_WRITE, unix.CAP_KILL, unix.CAP_SYS_CHROOT}

func (l *Lab) newDesktop() error {
	private := []string{"/run/dbus", "/run/NetworkManager", "/var/lib/NetworkManager"}
	if !l.opts.Installed {
		private = append(private, vpnDir)
	}
	h, err := newHost(l.dir, "desktop", private, func(h *Host) error {
		if err := h.privateEtc(); err != nil {
			return err
		}
		// The resolver follows NetworkManager, as on a desktop.
		if err := os.Symlink("/run/NetworkManager/resolv.conf", "/etc/resolv.conf"); err != nil {
			return err
		}
		// As the sandbox of NetworkManager.service: ProtectSystem=true.
		if err := bind("/usr", "/usr", unix.MS_RDONLY); err != nil {
			return err
		}
		return h.privateSys()
	})
	if err != nil {
		return err
	}
	l.Desktop = &Desktop{Host: h, lab: l}
	return nil
}

// first starts the bus and NetworkManager and waits until the desktop is online.
func (d *Desktop) first(ctx context.Context) error {
	if err := d.files(); err != nil {
		return err
	}
	conf := d.Path("/etc/dbus.conf")
	if err := os.WriteFile(conf, []byte(d.lab.busConfig()), 0o644); err != nil {
		return err
	}
	bus, err := d.Start("dbus", Command{Args: []string{"dbus-daemon", "--config-file=/etc/dbus.conf", "--nofork", "--nopidfile"}})
	if err != nil {
		return err
	}
	err = Await(ctx, "D-Bus", nmLimit, func() error {
		if err := bus.running(); err != nil {
			return err
		}
		var err error
		d.Bus, err = dbus.Connect("unix:path=" + d.Path(busSocket))
		return err
	})
	if err != nil {
		return err
	}
	return d.StartNM(ctx)
}

// files writes NetworkManager's configuration, the profiles of the two base connections and our .name file.
func (d *Desktop) files() error {
	files := map[string]string{"/etc/NetworkManager/NetworkManager.conf": d.nmConfig()}
	for i, b := range Bases {
		files["/etc/NetworkManager/system-connections/"+b.Profile+".nmconnection"] = b.keyfile(i == 0)
	}
	if !d.lab.opts.Installed {
		files[filepath.Join(vpnDir, "nm-softether-service.name")] = d.lab.nameFile()
	}
	for path, text := range files {
		mode := os.FileMode(0o600) // profiles must be root's alone
		if filepath.Ext(path) == ".name" {
			mode = 0o644
		}
		path = d.Path(path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desktop) nmConfig() string {
	return `[main]
plugins=keyfile
auth-polkit=false
no-auto-default=*
dns=default
rc-manager=unmanaged
systemd-resolved=false
[logging]
level=` + d.lab.opts.NMLevel + `
domains=ALL,VPN_PLUGIN:DEBUG
audit=false
[connectivity]
enabled=false
`
}

func (b Base) keyfile(auto bool) string {
	return fmt.Sprintf(`[connection]
id=%s
type=ethernet
interface-name=%s
autoconnect=%t
[ipv4]
method=manual
address1=%v/%d,%v
dns=%v;
[ipv6]
method=manual
address1=%v/%d,%v
addr-gen-mode=eui64
`, b.Profile, b.Device, auto, b.Address, b.addrBits, b.Router, b.Router, b.Address6, b.v6Prefix, b.Router6)
}

func (l *Lab) nameFile() string {
	return fmt.Sprintf(`[VPN Connection]
name=softether
service=org.freedesktop.NetworkManager.softether
program=%s
supports-multiple-connections=true
supports-safe-private-file-access=true

[libnm]
plugin=%s

[GNOME]
auth-dialog=%s
supports-external-ui-mode=%t
supports-hints=true
`, l.opts.Service, cmp.Or(l.opts.Editor, "libnm-vpn-plugin-softether.so"), l.opts.AuthDialog, !l.opts.OwnWindow)
}

// busConfig is that of a system bus with the real policy files of NetworkManager and of the plugin.
func (l *Lab) busConfig() string {
	policy := l.opts.Policy
	if l.opts.Installed {
		policy = "/usr/share/dbus-1/system.d/nm-softether-service.conf"
	}
	return systembus.Config(busSocket,
		systembus.Include("/usr/share/dbus-1/system.d/org.freedesktop.NetworkManager.conf"), systembus.Include(policy))
}

// StartNM starts NetworkManager and waits until it is online.
func (d *Desktop) StartNM(ctx context.Context) error {
	var err error
	d.nm, err = d.Start("NetworkManager", Command{Args: []string{"NetworkManager", "--debug"}, Caps: nmCaps, Env: d.lab.opts.ServiceEnv})
	if err != nil {
		return err
	}
	const online = 70 // NM_STATE_CONNECTED_GLOBAL
	return Await(ctx, "NetworkManager to be online", nmLimit, func() error {
		if err := d.nm.running(); err != nil {
			return err
		}
		state, err := property[uint32](d, nmPath, nmName, "State")
		if err == nil && state != online {
			err = fmt.Errorf("its state is %d\n%s", state, d.nm.Tail(30))
		}
		return err
	})
}

// StopNM ends NetworkManager with sig, SIGTERM as systemd does or SIGKILL as a crash.
func (d *Desktop) StopNM(ctx context.Context, sig syscall.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, nmLimit)
	defer cancel()
	return d.nm.Stop(ctx, sig)
}

// NMLog returns the whole log of NetworkManager and of the VPN services it started, or the part after a mark from
// NMLogMark.
func (d *Desktop) NMLog(mark int) string {
	b, _ := os.ReadFile(d.Path("/NetworkManager.log"))
	return string(b[min(mark, len(b)):])
}

// NMLogMark is the present end of the log.
func (d *Desktop) NMLogMark() int { return len(d.NMLog(0)) }

var nmNews = regexp.MustCompile(`^<(info|warn|error)|set state|failure|applying|config`)

// VPNLog is the part of NMLog(mark) that concerns VPNs: what the services wrote and what NetworkManager says of them.
func (d *Desktop) VPNLog(mark int) string {
	var keep []string
	for line := range strings.Lines(d.NMLog(mark)) {
		// NetworkManager's own lines begin with a level in angle brackets; all others come from a service.
		if !strings.HasPrefix(line, "<") || strings.Contains(line, " vpn[") && nmNews.MatchString(line) {
			keep = append(keep, line)
		}
	}
	if len(keep) > 150 {
		keep = keep[len(keep)-150:]
	}
	return strings.Join(keep, "")
}

func (d *Desktop) disconnectBus() error {
	if d.Bus == nil {
		return nil
	}
	return d.Bus.Close()
}

// WriteFile writes a file below one of the desktop's private directories (/etc among them), readable by all.
func (d *Desktop) WriteFile(path, text string) error {
	return os.WriteFile(d.Path(path), []byte(text), 0o644)
}
