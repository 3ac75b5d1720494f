// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/profile"
	"network-manager-softether/profile/nodeid"
	"network-manager-softether/tapbridge"
)

// A tunnel is this computer's end: the TAP device and the bridge behind it, with the
// ports of the in-process hosts. It outlives sessions, so that addresses and routes
// stay over a reconnect.
type tunnel struct {
	tap    tap
	log    *slog.Logger
	bridge *tapbridge.Bridge
	// Ports of the DHCP client and of autoconf, nil unless the family's method is auto:
	// NetworkManager ignores what is reported for another (networkmanager.md 3).
	port4, port6 *tapbridge.Port
	rivals       *rivals // nil without IPv4
	// keeps6: NetworkManager may be told a default route of IPv6, to router.
	keeps6 bool
	router atomic.Pointer[netip.Addr]
}

// portDepth is how many frames wait for an in-process host; it talks in single frames.
const portDepth = 32

func openTunnel(out outside, p *profile.Profile, log *slog.Logger) (*tunnel, error) {
	dev, err := out.openTAP(tapbridge.TAPConfig{
		Name:        p.InterfaceName,
		MAC:         nodeid.MAC(p),
		MTU:         p.MTU,
		DisableIPv6: p.IPv6.Disabled,
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
		t.rivals = t.watchRivals(out, p)
	}
	if p.IPv6.Auto {
		t.keeps6 = true
		t.guardDeadEnd()
		t.unplug() // the dead end answers without a session, too
	}
	if p.IPv6.Auto && p.BlockIPv6 != profile.BlockIPv6Yes {
		t.port6 = t.bridge.NewPort(autoconf.Match(t.mac()), portDepth)
	}
	return t, nil
}

// mac is read back from the device: it is what the lease and the hub know us by.
func (t *tunnel) mac() net.HardwareAddr { return t.tap.MAC() }

// plug connects the tunnel to a session. The device has had no carrier before the first.
func (t *tunnel) plug(s session) {
	if err := t.tap.SetCarrier(true); err != nil {
		t.log.Debug("the device has had carrier already", "cause", err)
	}
	t.bridge.SetLink(t.link(s))
	s.Start(t.bridge.Receive)
}

// unplug leaves the TAP without a far end, like a pulled cable without loss of carrier.
func (t *tunnel) unplug() { t.bridge.SetLink(t.link(nil)) }

// link is the way to s, which may be nil.
func (t *tunnel) link(s session) tapbridge.Link {
	switch {
	case t.keeps6:
		return &uplink{session: s, toHost: t.bridge.Receive, router: &t.router}
	case s == nil:
		return nil
	}
	return s
}

// leadsTo takes note of the router that NetworkManager is told for IPv6; an invalid one is none.
func (t *tunnel) leadsTo(router netip.Addr) { t.router.Store(&router) }

// close deletes the device, with all that NetworkManager has configured on it.
func (t *tunnel) close() { t.bridge.Close() }
