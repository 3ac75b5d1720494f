// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"
)

// The terrain of the tables: a cable, a Wi-Fi, another VPN, and our own TAP.
const (
	eth = iota + 1
	wifi
	wg
	tapNIC
)

var groundServer = netip.MustParseAddr("203.0.113.10")

// field builds a terrain from what it is told to change of one with the cable and the Wi-Fi up.
func field(change ...func(*terrain)) terrain {
	any4 := netip.MustParsePrefix("0.0.0.0/0")
	t := terrain{
		nics: map[int]nic{
			eth:    {name: "eth0", up: true, addrs: []netip.Addr{netip.MustParseAddr("10.1.0.2")}},
			wifi:   {name: "wlan0", up: true, addrs: []netip.Addr{netip.MustParseAddr("10.2.0.2")}},
			wg:     {name: "wg0", up: true, tunnel: true},
			tapNIC: {name: "se0", up: true, tunnel: true},
		},
		routes: []groundRoute{
			{any4, netip.MustParseAddr("10.1.0.1"), eth, 100},
			{netip.MustParsePrefix("10.1.0.0/24"), netip.Addr{}, eth, 100},
			{any4, netip.MustParseAddr("10.2.0.1"), wifi, 600},
			{any4, netip.MustParseAddr("10.9.0.1"), tapNIC, 50},
			{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParseAddr("10.9.0.1"), tapNIC, 50},
			{any4, netip.Addr{}, wg, 10},
			{netip.PrefixFrom(groundServer, 32), netip.MustParseAddr("10.1.0.1"), eth, 50},
		},
	}
	for _, f := range change {
		f(&t)
	}
	return t
}

func without(index int) func(*terrain) {
	return func(t *terrain) {
		delete(t.nics, index)
		routesOf(index, func(groundRoute) (groundRoute, bool) { return groundRoute{}, false })(t)
	}
}

func changed(index int, f func(*nic)) func(*terrain) {
	return func(t *terrain) { n := t.nics[index]; f(&n); t.nics[index] = n }
}

func routesOf(index int, f func(groundRoute) (groundRoute, bool)) func(*terrain) {
	return func(t *terrain) {
		var keep []groundRoute
		for _, r := range t.routes {
			ok := true
			if r.nic == index {
				r, ok = f(r)
			}
			if ok {
				keep = append(keep, r)
			}
		}
		t.routes = keep
	}
}

// router replaces the router of the default routes by an interface, and of host routes if pinnedToo.
func router(index int, to string, pinnedToo bool) func(*terrain) {
	return routesOf(index, func(r groundRoute) (groundRoute, bool) {
		if r.via.IsValid() && (pinnedToo || !pinned(r, groundServer)) {
			r.via = netip.MustParseAddr(to)
		}
		return r, true
	})
}

func TestWhatAChangedGroundCallsFor(t *testing.T) {
	onEth := base{eth, "eth0", netip.MustParseAddr("10.1.0.1")}
	onWifi := base{wifi, "wlan0", netip.MustParseAddr("10.2.0.1")}
	onWg := base{index: wg, name: "wg0"}
	none := base{}
	noCarrier := func(n *nic) { n.up = false }
	local := netip.MustParseAddr("10.1.0.2")
	for _, tt := range []struct {
		name string
		at   standing
		t    terrain
		turn turn
		to   base
	}{
		{"nothing new", standing{base: onEth, local: local, roam: true}, field(), turnNone, none},
		{"the worse network goes", standing{base: onEth, roam: true}, field(without(wifi)), turnNone, none},
		{"the other VPN goes", standing{base: onEth, roam: true}, field(without(wg)), turnNone, none},
		{"a better network comes", standing{base: onWifi, roam: true}, field(), turnWalk, onEth},
		{"a better network comes, for a profile that stays", standing{base: onWifi}, field(), turnNone, none},
		{"no carrier", standing{base: onEth, roam: true}, field(changed(eth, noCarrier)), turnJump, onWifi},
		{"no carrier, and nowhere to go", standing{base: onEth, roam: true}, field(without(wifi), changed(eth, noCarrier)), turnLost, none},
		{"no carrier, for a profile that stays", standing{base: onEth}, field(changed(eth, noCarrier)), turnLost, none},
		{"the carrier is back", standing{base: onEth, lost: "no carrier"}, field(), turnJump, onEth},
		{"still no carrier", standing{base: onEth, lost: "no carrier"}, field(changed(eth, noCarrier)), turnLost, none},
		{"another network after none", standing{base: onEth, lost: "no carrier", roam: true}, field(without(eth)), turnJump, onWifi},
		{"the device is gone", standing{base: onEth, roam: true}, field(without(eth)), turnJump, onWifi},
		{"the device is another of that name", standing{base: base{7, "eth0", onEth.via}}, field(), turnJump, onEth},
		{"the index is another device's", standing{base: base{wifi, "eth0", onEth.via}, roam: true}, field(without(eth)), turnJump, onWifi},
		{"another address", standing{base: onEth, local: netip.MustParseAddr("10.1.0.9"), roam: true}, field(), turnJump, onEth},
		{"the address is another interface's, as where routes say which to use", standing{base: onEth, local: netip.MustParseAddr("10.2.0.2"), roam: true}, field(), turnNone, none},
		{"another address, and no cable", standing{base: onEth, local: netip.MustParseAddr("10.1.0.9"), roam: true}, field(without(eth)), turnJump, onWifi},
		{
			"no route by the device",
			standing{base: onEth, roam: true},
			field(routesOf(eth, func(r groundRoute) (groundRoute, bool) { return r, r.dst.Bits() > 0 })), turnJump, onWifi,
		},
		{
			"another router, and NetworkManager's route to the old one",
			standing{base: onEth, roam: true},
			field(router(eth, "10.1.0.3", false)),
			turnRenew,
			base{eth, "eth0", netip.MustParseAddr("10.1.0.3")},
		},
		{
			"another router, and NetworkManager has followed",
			standing{base: onEth, roam: true},
			field(router(eth, "10.1.0.3", true)),
			turnFollow,
			base{eth, "eth0", netip.MustParseAddr("10.1.0.3")},
		},
		{"by a rule, all well", standing{base: onWg, policy: true, roam: true}, field(), turnNone, none},
		{"by a rule, its device gone", standing{base: onWg, policy: true, roam: true}, field(without(wg)), turnLost, none},
		{"by a rule, its device back", standing{base: onWg, policy: true, lost: "gone"}, field(), turnJump, onWg},
		{"behind another VPN", standing{base: onWg}, field(), turnNone, none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			turn, to, why := tt.t.next(tt.at, groundServer)
			if turn != tt.turn || to != tt.to && turn != turnNone {
				t.Errorf("%v to %v, want %v to %v", turn, to, tt.turn, tt.to)
			}
			if (why == "") != (turn == turnNone) {
				t.Errorf("the reason is %q", why)
			}
		})
	}
}

// The kernel asks whether somebody else has an IPv6 address before it can be used.
func TestNoWayByAnAddressThatIsStillAskedFor(t *testing.T) {
	server, any6 := netip.MustParseAddr("2001:db8:113::10"), netip.MustParsePrefix("::/0")
	own := netip.MustParseAddr("fd81::2")
	six := func(t *terrain) {
		t.routes = append(t.routes, groundRoute{any6, netip.MustParseAddr("fd81::1"), eth, 100}, groundRoute{any6, netip.MustParseAddr("fd82::1"), wifi, 600})
	}
	tentative := func(n *nic) { n.tentative = true }
	onEth, onWifi := base{eth, "eth0", netip.MustParseAddr("fd81::1")}, base{wifi, "wlan0", netip.MustParseAddr("fd82::1")}
	for _, tt := range []struct {
		name   string
		at     standing
		server netip.Addr
		t      terrain
		turn   turn
		to     base
	}{
		{"the own one, beside another network", standing{base: onEth, local: own, roam: true}, server, field(six, changed(eth, tentative)), turnJump, onWifi},
		{"the better network's", standing{base: onWifi, roam: true}, server, field(six, changed(eth, tentative)), turnNone, base{}},
		{"the better network's, no longer", standing{base: onWifi, roam: true}, server, field(six), turnWalk, onEth},
		{"the own one, nowhere else to go", standing{base: onEth, local: own, roam: true}, server, field(six, without(wifi), changed(eth, tentative)), turnLost, base{}},
		{"the next one, nowhere else to go", standing{base: onWifi, local: own, lost: "it slept", roam: true}, server, field(six, without(wifi), changed(eth, tentative)), turnLost, base{}},
		{"the next one, no longer", standing{base: onWifi, local: own, lost: "it slept", roam: true}, server, field(six, without(wifi)), turnJump, onEth},
		{"of a server on the link", standing{base: onWifi, lost: "it slept", roam: true}, netip.MustParseAddr("fe80::10"), field(six, without(wifi), changed(eth, tentative)), turnJump, onEth},
		{"of the other IP version", standing{base: base{wifi, "wlan0", netip.MustParseAddr("10.2.0.1")}, roam: true}, groundServer, field(six, changed(eth, tentative)), turnWalk, base{eth, "eth0", netip.MustParseAddr("10.1.0.1")}},
	} {
		if turn, to, why := tt.t.next(tt.at, tt.server); turn != tt.turn || to != tt.to && turn != turnNone {
			t.Errorf("%s: %v to %v (%s), want %v to %v", tt.name, turn, to, why, tt.turn, tt.to)
		}
	}
}

func TestNoOtherBaseWhoseAddressIsStillAskedFor(t *testing.T) {
	server, any6 := netip.MustParseAddr("2001:db8:113::10"), netip.MustParsePrefix("::/0")
	const third = 77
	t3 := field(changed(wifi, func(n *nic) { n.tentative = true }))
	t3.nics[third] = nic{name: "wwan0", up: true}
	for i, id := range []int{eth, wifi, third} {
		t3.routes = append(t3.routes, groundRoute{any6, netip.MustParseAddr("fe80::1"), id, 100 * (i + 1)})
	}
	none := func(base) bool { return false }
	if got, ok := t3.alternative(eth, server, none); !ok || got.name != "wwan0" {
		t.Errorf("goes to %v (%v), though its address is not there yet", got, ok)
	}
	if got, ok := t3.alternative(eth, server, func(b base) bool { return b.name == "wwan0" }); ok {
		t.Errorf("without another it goes to %v, which has no address", got)
	}
}

func TestServes(t *testing.T) {
	for _, tt := range []struct {
		name string
		t    terrain
		want bool
	}{
		{"in use", field(), true},
		{"without carrier, which may come back", field(changed(eth, func(n *nic) { n.up = false })), true},
		{"only the route to the server left", field(routesOf(eth, func(r groundRoute) (groundRoute, bool) { return r, r.dst.IsSingleIP() })), false},
		{"gone", field(without(eth)), false},
	} {
		if got := tt.t.serves("eth0"); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
