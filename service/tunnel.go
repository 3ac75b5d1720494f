// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/profile"
	"network-manager-softether/profile/nodeid"
	"network-manager-softether/tapbridge"
)

// A tunnel is this computer's end: the TAP device and the bridge behind it, with the ports of the in-process
// hosts. It outlives sessions, so that addresses and routes survive a reconnect.
type tunnel struct {
	tap    tap
	log    *slog.Logger
	bridge *tapbridge.Bridge
	// Ports of the DHCP client and of autoconf, nil unless the family's method is auto:
	// NetworkManager ignores what is reported for another (networkmanager.md 3).
	port4, port6 *tapbridge.Port
	rivals       *rivals // nil without IPv4
	// keeps6: NetworkManager may be told a default route of IPv6, through router.
	keeps6  bool
	router  atomic.Pointer[netip.Addr]
	kernel6 *kernel6 // nil: the kernel forms no addresses

	plugging sync.Mutex // guards plugged, and the link of bridge
	plugged  session    // nil: none
}

// portDepth is how many frames may wait for an in-process host, which exchanges single frames.
const portDepth = 32

func openTunnel(sys system, p *profile.Profile, log *slog.Logger) (*tunnel, error) {
	auto6 := p.IPv6.Auto && p.BlockIPv6 != profile.BlockIPv6Yes
	var kernel *tapbridge.Autoconf
	if auto6 {
		kernel = autoconfOf(p)
	}
	dev, err := sys.openTAP(tapbridge.TAPConfig{
		Name:        p.InterfaceName,
		MAC:         nodeid.MAC(p),
		MTU:         p.MTU,
		DisableIPv6: p.IPv6.Disabled,
		Autoconf:    kernel,
		Unplugged:   true,
		Logger:      log,
	})
	if err != nil {
		return nil, fmt.Errorf("open the TAP device: %w", err)
	}
	t := &tunnel{tap: dev, log: log, bridge: tapbridge.New(dev, log)}
	if p.IPv4.Auto {
		t.port4 = t.bridge.NewPort(dhcp.Match(t.mac()), portDepth)
	}
	if p.IPv4.Auto || p.IPv4.Static {
		t.rivals = t.watchRivals(sys, p)
	}
	if p.IPv6.Auto {
		t.keeps6 = true
		t.guardDeadEnd(sys)
		t.setLink(nil) // the dead end answers even without a session
	}
	if auto6 {
		t.port6 = t.bridge.NewPort(autoconf.Match(t.mac()), portDepth)
		t.bridge.NewPort(smuggled, 1)
		t.letKernelMake(sys, kernel)
	}
	return t, nil
}

// autoconfOf returns how the kernel forms addresses for a profile.
func autoconfOf(p *profile.Profile) *tapbridge.Autoconf {
	cfg := &tapbridge.Autoconf{Token: p.Identity.Token, Temporary: p.Identity.TemporaryIPv6}
	if p.Identity.StableIPv6 {
		sum := sha256.Sum256([]byte("stable IPv6 addresses of " + p.UUID))
		cfg.Secret = [16]byte(sum[:])
	}
	return cfg
}

// letKernelMake has the kernel form addresses, while there is the privilege to be told of them. If that is
// not possible, NetworkManager still gets one address.
func (t *tunnel) letKernelMake(sys system, cfg *tapbridge.Autoconf) {
	if sys.addrsOf == nil {
		return
	}
	k := newKernel6(t.log, cfg.Temporary > 0)
	claims := &claims6{own: t.mac(), heard: k.claimed}
	k.write, k.claims = t.bridge.ToHost, claims.of
	index := t.tap.Index()
	k.list = func() ([]kernelAddr, error) { return sys.addrsOf(index) }
	stop, err := sys.watchAddrs(k.changed)
	if err != nil {
		t.log.Warn("cannot watch the kernel's addresses: there will be one IPv6 address only", "error", err)
		return
	}
	k.stop = stop
	t.bridge.NewPort(claims.watch, 1)
	t.kernel6 = k
}

// countLifetimes has the kernel count the time that the machine was suspended, too.
func (t *tunnel) countLifetimes() {
	if t.kernel6 != nil {
		t.kernel6.changed()
	}
}

// mac is read back from the device: it is how the lease and the hub identify this computer.
func (t *tunnel) mac() net.HardwareAddr { return t.tap.MAC() }

// plug connects the tunnel to a session. Before the first one, the device has no carrier.
func (t *tunnel) plug(s session) {
	if err := t.tap.SetCarrier(true); err != nil {
		t.log.Debug("the device has had carrier already", "error", err)
	}
	t.setLink(s)
	s.Start(t.bridge.Receive)
}

// unplug leaves the TAP without a far end, like a pulled cable but without loss of carrier. It does nothing if another
// session than s is plugged in: that of an attempt that was cancelled may end when the next one is there.
func (t *tunnel) unplug(s session) {
	t.plugging.Lock()
	defer t.plugging.Unlock()
	if t.plugged == s {
		t.plugged = nil
		t.bridge.SetLink(t.link(nil))
	}
}

func (t *tunnel) setLink(s session) {
	t.plugging.Lock()
	defer t.plugging.Unlock()
	t.plugged = s
	t.bridge.SetLink(t.link(s))
}

// link returns the link to s, which may be nil.
func (t *tunnel) link(s session) tapbridge.Link {
	switch {
	case t.keeps6:
		return &uplink{session: s, toHost: t.bridge.Receive, router: &t.router}
	case s == nil:
		return nil
	}
	return s
}

// setRouter records the IPv6 router that NetworkManager is told; an invalid one means none.
func (t *tunnel) setRouter(router netip.Addr) { t.router.Store(&router) }

// close deletes the device, with everything that NetworkManager has configured on it.
func (t *tunnel) close() {
	if t.kernel6 != nil {
		t.kernel6.stop()
	}
	t.bridge.Close()
}
