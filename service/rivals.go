// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/vishvananda/netlink"

	"network-manager-softether/dhcp"
	"network-manager-softether/profile"
	"network-manager-softether/tapbridge"
)

// rivals watches for hosts in the tunnel that claim an IPv4 address of this computer. The kernel goes on
// using it, as on a cable, but a person has to be told, as the symptom is connections that come and go.
type rivals struct {
	*dhcp.Rivals
	port    *tapbridge.Port
	watched atomic.Bool // a cancelled attempt may still run beside the next one
	tell    func(netip.Addr, net.HardwareAddr)
}

func (t *tunnel) watchRivals(sys system, p *profile.Profile) *rivals {
	tap := t.tap.Name()
	r := &rivals{Rivals: dhcp.NewRivals(t.mac(), func(mac net.HardwareAddr) bool { return sys.ownMAC(tap, mac) }, p.IPv4.Static)}
	r.port = t.bridge.NewListener(r.Match, portDepth)
	r.tell = func(a netip.Addr, mac net.HardwareAddr) {
		t.log.Warn("another host in the VPN uses the address of this computer, connections may stall: ask the hub's administrator who that is", "address", a.String(), "mac", mac.String())
	}
	if p.IPv4.Static {
		var own []netip.Addr
		for _, a := range p.IPv4.Addresses {
			own = append(own, a.Addr())
		}
		r.Use(own...)
	}
	return r
}

// probe asks, before the first use and after every login, who else has the addresses of the profile. Only
// with ipv4.dad-timeout does it wait for the answer, and may it fail, as with NetworkManager on a cable. A
// lease has probes of its own.
func (r *rivals) probe(ctx context.Context, p *profile.Profile, again bool) error {
	var err error
	if p.IPv4.Static {
		wait := max(0, p.IPv4.DADTimeout)
		if again {
			wait = 0 // they are in use already
		}
		if err = r.Probe(ctx, r.port, wait); err != nil {
			err = fmt.Errorf("ipv4.addresses: %w", err)
		}
	}
	if err == nil && r.watched.CompareAndSwap(false, true) { // until the bridge is closed
		go r.Watch(r.port, r.tell)
	}
	return err
}

// use tells which address is leased.
func (r *rivals) use(l *dhcp.Lease) {
	if l == nil {
		r.Use()
		return
	}
	r.Use(l.Addr.Addr())
}

// ownMAC reports whether another interface of this computer than tap has that MAC address. What cannot be
// read counts as absent.
func ownMAC(tap string, mac net.HardwareAddr) bool {
	links, err := whole(netlink.LinkList)
	if err != nil {
		return false
	}
	for _, l := range links {
		if a := l.Attrs(); a.Name != tap && a.HardwareAddr.String() == mac.String() {
			return true
		}
	}
	return false
}
