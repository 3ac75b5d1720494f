// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/systembus"
)

// A Desktop is the computer of the person who uses the VPN.
type Desktop struct {
	*netns.Host
	// Bus is a connection to the desktop's system bus, as root.
	Bus *dbus.Conn

	plugin *Plugin
	nm     *netns.Process
	rules  []string // of the bus, added later
}

const (
	nmLimit = 40 * time.Second
	vpnDir  = "/usr/lib/NetworkManager/VPN"

	persistentJournal = "/var/log/journal" // as the owner of a machine may have

	nmName = "org.freedesktop.NetworkManager"
	nmPath = "/org/freedesktop/NetworkManager"
)

// nmCaps is the CapabilityBoundingSet of Debian's NetworkManager.service: its VPN services have no more than that.
var nmCaps = []uintptr{
	unix.CAP_NET_ADMIN, unix.CAP_DAC_OVERRIDE, unix.CAP_NET_RAW, unix.CAP_NET_BIND_SERVICE,
	unix.CAP_SETGID, unix.CAP_SETUID, unix.CAP_SYS_MODULE, unix.CAP_AUDIT_WRITE, unix.CAP_KILL, unix.CAP_SYS_CHROOT,
}

// New makes the computer; its files are below dir. What it has of the plugin may still change until it is started.
func New(dir string, plugin *Plugin) (*Desktop, error) {
	private := []string{"/run/dbus", "/run/NetworkManager", "/var/lib/NetworkManager", "/run/systemd", "/run/log"}
	if _, err := os.Stat(persistentJournal); err == nil {
		private = append(private, persistentJournal)
	}
	if !plugin.Installed {
		private = append(private, vpnDir)
	}
	h, err := netns.NewHost(dir, "desktop", private, func(h *netns.Host) error {
		if err := h.PrivateEtc(); err != nil {
			return err
		}
		if err := withoutKernelLog(); err != nil {
			return err
		}
		// As the sandbox of NetworkManager.service: ProtectSystem=true.
		if err := netns.Bind("/usr", "/usr", unix.MS_RDONLY); err != nil {
			return err
		}
		return h.PrivateSys()
	})
	if err != nil {
		return nil, err
	}
	return &Desktop{Host: h, plugin: plugin}, nil
}

// SetUp starts the system's services and NetworkManager, and waits until the desktop is online.
func (d *Desktop) SetUp(ctx context.Context) error {
	if err := errors.Join(d.depart(), d.put(busConfigFile, d.busConfig(), 0o644)); err != nil {
		return err
	}
	for _, start := range []func(context.Context) error{d.startJournal, d.startBus, d.startPolkit} {
		if err := start(ctx); err != nil {
			return err
		}
	}
	if err := d.StartNM(ctx); err != nil {
		return err
	}
	// The VPN's device is as on every computer, see newHost.
	return d.Do(func() error {
		for _, p := range []string{"accept_dad", "dad_transmits"} {
			if err := os.WriteFile("/proc/sys/net/ipv6/conf/default/"+p, []byte("1"), 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// awaitName waits until a program has its name on the system bus.
func (d *Desktop) awaitName(ctx context.Context, p *netns.Process, name string) error {
	return netns.Await(ctx, name, nmLimit, func() error {
		if err := p.Running(); err != nil {
			return err
		}
		var has bool
		if err := d.Bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has); err != nil || !has {
			return fmt.Errorf("nobody has the name (%v)", err)
		}
		return nil
	})
}

func keyfile(b plan.Base, auto bool) string {
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
`, b.Profile, b.Device, auto, b.Address, b.V4Bits, b.Router, b.Router, b.Address6, b.V6Bits, b.Router6)
}

func (d *Desktop) nameFile() string {
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
`, d.plugin.Service, cmp.Or(d.plugin.Editor, "libnm-vpn-plugin-softether.so"), d.plugin.AuthDialog, !d.plugin.OwnWindow)
}

// logindRules are of Debian's org.freedesktop.login1.conf what the stand-in takes, see Logind.
const logindRules = `<policy user="root"><allow own="org.freedesktop.login1"/></policy>
  <policy context="default"><allow send_destination="org.freedesktop.login1"/></policy>`

// busConfig returns that of a system bus with the real policy files of NetworkManager, polkit and the plugin.
func (d *Desktop) busConfig(more ...string) string {
	policy := d.plugin.Policy
	if d.plugin.Installed {
		policy = "/usr/share/dbus-1/system.d/nm-softether-service.conf"
	}
	const debian = "/usr/share/dbus-1/system.d/"
	return systembus.Config(netns.BusSocket, append(more, systembus.Include(debian+"org.freedesktop.NetworkManager.conf"),
		systembus.Include(debian+"org.freedesktop.PolicyKit1.conf"), logindRules, systembus.Include(policy))...)
}

// StartNM starts NetworkManager and waits until it is online.
func (d *Desktop) StartNM(ctx context.Context) error {
	var err error
	mark := d.NMLogMark()
	// As systemd does, systemd-cat leads what it prints, and its VPN services, into the journal.
	d.nm, err = d.Start("NetworkManager", netns.Command{
		Args: []string{"systemd-cat", "--identifier=NetworkManager", "NetworkManager", "--no-daemon"},
		Caps: nmCaps, Env: d.plugin.ServiceEnv,
	})
	if err != nil {
		return err
	}
	const online = 70 // NM_STATE_CONNECTED_GLOBAL
	return netns.Await(ctx, "NetworkManager to be online", nmLimit, func() error {
		if err := d.nm.Running(); err != nil {
			return fmt.Errorf("%w\n%s", err, d.NMLog(mark))
		}
		state, err := property[uint32](d, nmPath, nmName, "State")
		if err == nil && state != online {
			err = fmt.Errorf("its state is %d", state)
		}
		return err
	})
}

// StopNM ends NetworkManager with sig: SIGTERM, as systemd does, or SIGKILL, as in a crash.
func (d *Desktop) StopNM(ctx context.Context, sig syscall.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, nmLimit)
	defer cancel()
	return d.nm.Stop(ctx, sig)
}

// DisconnectBus closes Bus.
func (d *Desktop) DisconnectBus() error {
	if d.Bus == nil {
		return nil
	}
	return d.Bus.Close()
}

// WriteFile writes a file below one of the desktop's private directories (/etc among them), readable by all.
func (d *Desktop) WriteFile(path, text string) error {
	return os.WriteFile(d.Path(path), []byte(text), 0o644)
}

// NM returns the process ID of NetworkManager.
func (d *Desktop) NM() int { return d.nm.PID() }
