// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// The ground is what the tunnel's own packets travel over: an interface of this computer,
// with its addresses and its routes. This file decides from a snapshot of these what has to
// be done; it opens no descriptor and reads no clock.

// A nic is a network interface.
type nic struct {
	name   string
	up     bool // with carrier
	tunnel bool // what leaves by it stays on this computer, or leaves again by another interface
	addrs  []netip.Addr
	// tentative: all its IPv6 addresses but the link-local one are still under duplicate address detection, for a second or
	// two. Until that is over, the kernel sends from another interface's address, and no answer comes back.
	tentative bool
}

// A groundRoute is a unicast route of the main table.
type groundRoute struct {
	dst    netip.Prefix
	via    netip.Addr // invalid: on-link
	nic    int
	metric int
}

// A terrain is what the kernel knows of the ground.
type terrain struct {
	nics   map[int]nic
	routes []groundRoute
}

// A base is a route to the server.
type base struct {
	index int
	name  string
	via   netip.Addr // router, invalid: on-link
}

func (b base) String() string {
	if !b.via.IsValid() {
		return b.name
	}
	return fmt.Sprintf("%s via %v", b.name, b.via)
}

// A standing is where the tunnel's sockets are.
type standing struct {
	base  base
	local netip.Addr // of the TCP connections, invalid: not known
	lost  string     // why there is no base any more; empty: there is one
	// policy: the kernel chose a route that is not in the main table (a rule, another VPN), or the server's address names
	// the interface (fe80::1%eth0). Only the kernel could find a better one, or there is none, so there is no roaming.
	policy bool
	roam   bool // other interfaces may be used as well
}

// A turn is what has to be done after the networks below the tunnel have changed.
type turn int

const (
	turnNone   turn = iota
	turnRenew       // there is another router, but NetworkManager's route to the server still names the old one
	turnFollow      // there is another router, and what the kernel sends goes there already
	turnWalk        // there is a better base, and the present one still works
	turnJump        // the present base no longer works, another does
	turnLost        // there is no base at all
)

func (t turn) String() string {
	return [...]string{"none", "renew", "follow", "walk", "jump", "lost"}[t]
}

// lookup returns the best route to dst among those that pass accepts: the longest prefix, then the
// lowest metric.
func (t terrain) lookup(dst netip.Addr, pass func(groundRoute, nic) bool) (base, bool) {
	best := -1
	for i, r := range t.routes {
		n, ok := t.nics[r.nic]
		if !ok || !n.up || !r.dst.Contains(dst) || !pass(r, n) {
			continue
		}
		if best < 0 || cmp.Or(cmp.Compare(r.dst.Bits(), t.routes[best].dst.Bits()), cmp.Compare(t.routes[best].metric, r.metric)) > 0 {
			best = i
		}
	}
	if best < 0 {
		return base{}, false
	}
	r := t.routes[best]
	return base{index: r.nic, name: t.nics[r.nic].name, via: r.via}, true
}

// pinned reports whether r is a host route to dst. NetworkManager adds one when a tunnel comes
// up, and leaves it in place when the networks below change.
func pinned(r groundRoute, dst netip.Addr) bool { return r.dst.IsSingleIP() && r.dst.Addr() == dst }

// lookupAddressed is lookup among the interfaces that already have an address to send from. A connection begun before
// would keep the wrong one, and be of no use for as long as it may wait.
func (t terrain) lookupAddressed(dst netip.Addr, pass func(groundRoute, nic) bool) (base, bool) {
	return t.lookup(dst, func(r groundRoute, n nic) bool {
		return pass(r, n) && !(n.tentative && dst.Is6() && !dst.IsLinkLocalUnicast())
	})
}

// bestBase returns the base that the kernel would send to dst over if there were no VPN, or the next best one while that
// one has no address yet; false if there is none, or none with an address.
func (t terrain) bestBase(dst netip.Addr) (base, bool) {
	return t.lookupAddressed(dst, func(r groundRoute, n nic) bool { return !n.tunnel && !pinned(r, dst) })
}

// baseOn is bestBase, restricted to the interface of that name.
func (t terrain) baseOn(name string, dst netip.Addr) (base, bool) {
	return t.lookup(dst, func(r groundRoute, n nic) bool { return n.name == name && !pinned(r, dst) })
}

// alternative is bestBase without the interface index and without the bases that are shunned.
func (t terrain) alternative(index int, dst netip.Addr, shunned func(base) bool) (base, bool) {
	return t.lookupAddressed(dst, func(r groundRoute, n nic) bool {
		return !n.tunnel && !pinned(r, dst) && r.nic != index && !shunned(base{index: r.nic, name: n.name, via: r.via})
	})
}

// boundRoute returns the route that a socket bound to the interface takes to dst, NetworkManager's host route included.
func (t terrain) boundRoute(index int, dst netip.Addr) (base, bool) {
	return t.lookup(dst, func(r groundRoute, _ nic) bool { return r.nic == index })
}

// misled reports whether packets to dst from a socket bound to the base go to another router than the base's, because
// NetworkManager's route to the server still names the former one.
func (t terrain) misled(b base, dst netip.Addr) bool {
	now, ok := t.boundRoute(b.index, dst)
	return ok && now.via != b.via
}

// broken returns why the base no longer works, empty if it does.
func (t terrain) broken(s standing, server netip.Addr) string {
	n, there := t.nics[s.base.index]
	switch {
	case s.lost != "":
		return s.lost
	case !there || n.name != s.base.name:
		return "the device is gone"
	case !n.up:
		return "the device has no carrier"
	case s.local.IsValid() && !t.has(s.local):
		return fmt.Sprintf("the address %v is gone", s.local)
	case s.policy:
		return ""
	}
	if _, ok := t.baseOn(n.name, server); !ok {
		return "the device has no route to the server"
	}
	return ""
}

// has reports whether an interface has the address. It need not be the one that packets from it leave by.
func (t terrain) has(a netip.Addr) bool {
	for _, n := range t.nics {
		if slices.Contains(n.addrs, a) {
			return true
		}
	}
	return false
}

// addressed reports whether an interface has an address of that IP version which leads beyond the link.
func (t terrain) addressed(index int, v6 bool) bool {
	return slices.ContainsFunc(t.nics[index].addrs, func(a netip.Addr) bool { return a.Is6() == v6 && !a.IsLinkLocalUnicast() })
}

// next returns what to do now that the ground is t, which base to go to, and why.
func (t terrain) next(s standing, server netip.Addr) (turn, base, string) {
	why := t.broken(s, server)
	to, ok := t.baseOn(s.base.name, server)
	switch {
	case s.policy:
		// A route chosen by a rule works as long as its interface does.
		to, ok = s.base, t.broken(standing{base: s.base, policy: true}, server) == ""
	case s.roam:
		to, ok = t.bestBase(server)
	}
	switch {
	case !ok && why == "":
		return turnNone, base{}, ""
	case !ok, s.lost == "" && why != "" && to.index == s.base.index && !t.addressed(to.index, server.Is6()):
		return turnLost, base{}, why
	case why != "":
		return turnJump, to, why
	case to.index != s.base.index:
		return turnWalk, to, "it is the better way"
	case to.via == s.base.via:
		return turnNone, base{}, ""
	}
	why = fmt.Sprintf("the router is %v now", to.via)
	if t.misled(to, server) {
		return turnRenew, to, why
	}
	return turnFollow, to, why
}
