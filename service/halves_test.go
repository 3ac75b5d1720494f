// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"slices"
	"testing"

	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
)

func TestWhatTheTunnelYieldsTo(t *testing.T) {
	all4, all6 := netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")
	on := func(routes ...groundRoute) terrain {
		return terrain{nics: map[int]nic{1: {name: "eth0", up: true}, 2: {name: "se0", tunnel: true}, 3: {name: "wg0", tunnel: true}}, routes: routes}
	}
	other4 := groundRoute{dst: all4, nic: 3, metric: 20}
	half := func(v6 bool, nic, metric int) groundRoute {
		return groundRoute{dst: halves[v6][1], nic: nic, metric: metric}
	}
	for name, tt := range map[string]struct {
		ground terrain
		want   contest
	}{
		"nothing":                     {on(), contest{}},
		"a usual base":                {on(groundRoute{dst: all4, nic: 1, metric: 100}, groundRoute{dst: all6, nic: 1, metric: 100}), contest{}},
		"a better base":               {on(groundRoute{dst: all4, nic: 1, metric: 10}), contest{}},
		"another VPN":                 {on(other4, groundRoute{dst: all4, nic: 1, metric: 100}), contest{v4: true}},
		"another VPN alone":           {on(groundRoute{dst: all6, nic: 3, metric: 49}), contest{v6: true}},
		"another VPN, as good":        {on(groundRoute{dst: all4, nic: 3, metric: 50}, groundRoute{dst: all4, nic: 2, metric: 50}), contest{}},
		"another VPN, better by ours": {on(groundRoute{dst: all4, nic: 3, metric: 50}, groundRoute{dst: all4, nic: 2, metric: 60}), contest{v4: true}},
		"another VPN, worse":          {on(other4, groundRoute{dst: all4, nic: 2, metric: 10}), contest{}},
		"another VPN and such a base": {on(other4, groundRoute{dst: all4, nic: 1, metric: 50}), contest{}},
		"another VPN and best base":   {on(other4, groundRoute{dst: all4, nic: 1, metric: 600}, groundRoute{dst: all4, nic: 1, metric: 0}), contest{}},
		"halves of a usual base":      {on(half(false, 1, 100), half(true, 1, 51)), contest{}},
		"halves of a better base":     {on(half(false, 1, 50), half(true, 1, 20)), contest{halved4: true, halved6: true}},
		"halves, worse by ours":       {on(half(false, 1, 100), half(true, 1, 100), groundRoute{dst: all4, nic: 2, metric: 200}), contest{halved4: true}},
		"halves, better by ours":      {on(half(false, 1, 50), groundRoute{dst: all4, nic: 2, metric: 40}), contest{}},
		"halves of another VPN":       {on(half(false, 3, 20), half(true, 2, 50)), contest{}},
		"quarters of a better base":   {on(groundRoute{dst: quarters[false][1], nic: 1, metric: 20}), contest{}},
		"no default route":            {on(groundRoute{dst: netip.MustParsePrefix("10.0.0.0/8"), nic: 3, metric: 0}), contest{}},
	} {
		if got := tt.ground.contest("se0"); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestADefaultRouteIsToldInHalves(t *testing.T) {
	via := netip.MustParseAddr("fe80::1")
	before := []nmvpn.Route{{Dst: netip.MustParsePrefix("fd00::/8"), Via: via}}
	v := verdict{
		ip4: &nmvpn.IPConfig{Addr: netip.MustParsePrefix("10.0.0.2/24"), NeverDefault: true},
		ip6: &nmvpn.IPConfig{Addr: netip.MustParsePrefix("fd00::2/64"), Gateway: via, Routes: before[:1:1]},
	}
	usual, strict := new(profile.Profile), new(profile.Profile)
	strict.IPv6.Table = profile.StrictTable
	v.halve(usual, contest{v4: true, v6: true})
	if len(v.ip6.Routes) != 1 {
		t.Errorf("beside a better VPN the routes are %v", v.ip6.Routes)
	}
	v.halve(strict, contest{})
	if len(v.ip6.Routes) != 1 {
		t.Errorf("in strict mode the routes are %v", v.ip6.Routes)
	}
	v.halve(usual, contest{})
	v.halve(usual, contest{}) // as if the hub had sent them
	want := append(slices.Clone(before), nmvpn.Route{Dst: halves[true][0], Via: via}, nmvpn.Route{Dst: halves[true][1], Via: via})
	if !slices.Equal(v.ip6.Routes, want) {
		t.Errorf("routes are %v, want %v", v.ip6.Routes, want)
	}
	for range 2 {
		v.halve(usual, contest{halved4: true, halved6: true})
	}
	for _, quarter := range quarters[true] {
		want = append(want, nmvpn.Route{Dst: quarter, Via: via})
	}
	if !slices.Equal(v.ip6.Routes, want) {
		t.Errorf("beside a base's halves the routes are %v, want %v", v.ip6.Routes, want)
	}
	if len(v.ip4.Routes) > 0 {
		t.Errorf("a split tunnel gets %v", v.ip4.Routes)
	}
}
