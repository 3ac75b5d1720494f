// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// The ground is what the tunnel's own packets travel over: an interface of this computer,
// with its addresses and its routes. This file decides, from what the kernel says of them,
// what has become of it. It has no descriptor and no clock.

// A nic is a network interface.
type nic struct {
	name   string
	up     bool // with carrier
	tunnel bool // what leaves by it does not leave this computer, or by another interface once more
	addrs  []netip.Addr
	// asking: its only IPv6 addresses beside the link-local one are those of which the kernel still asks whether somebody
	// else has them, for a second or two. What is sent by it meanwhile has another interface's address, and no answer.
	asking bool
}

// A groundRoute is a unicast route of the main table.
type groundRoute struct {
	dst    netip.Prefix
	via    netip.Addr // invalid: on-link
	nic    int
	metric int
}

// A terrain is all that the kernel knows of the ground.
type terrain struct {
	nics   map[int]nic
	routes []groundRoute
}

// A base is a way to the server.
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
	// policy: the kernel chose a way that the main table does not have (a rule, another
	// VPN). Only the kernel knows a better one, so that there is no roaming.
	policy bool
	roam   bool // other interfaces may be used, too
}

// A turn is what has to be done after base networks changed.
type turn int

const (
	turnNone  turn = iota
	turnRenew      // the way is another, but NetworkManager's route to the server still leads the old one
	turnWalk       // there is a better base, and the present one still works
	turnJump       // the present base does not work any more, another does
	turnLost       // there is no base at all
)

func (t turn) String() string { return [...]string{"none", "renew", "walk", "jump", "lost"}[t] }

// routed returns the best route to dst that pass lets through: the longest, then the one
// with the lowest metric.
func (t terrain) routed(dst netip.Addr, pass func(groundRoute, nic) bool) (base, bool) {
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

// pinned is true for a route to dst alone. NetworkManager makes such a one when a tunnel
// comes up, and does not take it back when the ground changes.
func pinned(r groundRoute, dst netip.Addr) bool { return r.dst.IsSingleIP() && r.dst.Addr() == dst }

// addressed is routed, but passes over interfaces that have no address for dst yet while there is another.
func (t terrain) addressed(dst netip.Addr, pass func(groundRoute, nic) bool) (base, bool) {
	if b, ok := t.routed(dst, func(r groundRoute, n nic) bool { return pass(r, n) && !(n.asking && dst.Is6()) }); ok {
		return b, true
	}
	return t.routed(dst, pass)
}

// way returns the base on which the kernel would send to dst were there no VPN, or a worse one while that one has no
// address yet.
func (t terrain) way(dst netip.Addr) (base, bool) {
	return t.addressed(dst, func(r groundRoute, n nic) bool { return !n.tunnel && !pinned(r, dst) })
}

// wayOn is way for an interface of that name.
func (t terrain) wayOn(name string, dst netip.Addr) (base, bool) {
	return t.routed(dst, func(r groundRoute, n nic) bool { return n.name == name && !pinned(r, dst) })
}

// beside is way for all interfaces but the one, and but those that shunned has.
func (t terrain) beside(index int, dst netip.Addr, shunned func(base) bool) (base, bool) {
	return t.addressed(dst, func(r groundRoute, n nic) bool {
		return !n.tunnel && !pinned(r, dst) && r.nic != index && !shunned(base{index: r.nic, name: n.name, via: r.via})
	})
}

// really returns where a socket that is bound to the interface sends to dst.
func (t terrain) really(index int, dst netip.Addr) (base, bool) {
	return t.routed(dst, func(r groundRoute, _ nic) bool { return r.nic == index })
}

// misled reports whether the kernel sends what a socket bound to the base sends to dst by another router than the base's:
// NetworkManager's route to the server has not followed yet.
func (t terrain) misled(b base, dst netip.Addr) bool {
	now, ok := t.really(b.index, dst)
	return ok && now.via != b.via
}

// broken says why the base does not work any more, or nothing.
func (t terrain) broken(s standing, server netip.Addr) string {
	n, there := t.nics[s.base.index]
	switch {
	case s.lost != "":
		return s.lost
	case !there || n.name != s.base.name:
		return "the device is gone"
	case !n.up:
		return "the device has no carrier"
	case s.local.IsValid() && !slices.Contains(n.addrs, s.local):
		return fmt.Sprintf("the address %v is gone", s.local)
	case s.policy:
		return ""
	}
	if _, ok := t.wayOn(n.name, server); !ok {
		return "the device has no route to the server"
	}
	return ""
}

// next says what to do now that the ground is t, where to go, and why.
func (t terrain) next(s standing, server netip.Addr) (turn, base, string) {
	why := t.broken(s, server)
	to, ok := t.wayOn(s.base.name, server)
	switch {
	case s.policy:
		// The way by a rule works as long as its interface does.
		to, ok = s.base, t.broken(standing{base: s.base, policy: true}, server) == ""
	case s.roam:
		to, ok = t.way(server)
	}
	switch {
	case !ok && why == "":
		return turnNone, base{}, ""
	case !ok:
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
	return turnJump, to, why
}
