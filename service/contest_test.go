// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"slices"
	"testing"

	"network-manager-softether/service/nmvpn"
)

func TestWhatContestsTheTunnel(t *testing.T) {
	all4, all6 := netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")
	on := func(routes ...groundRoute) terrain {
		return terrain{nics: map[int]nic{1: {name: "eth0", up: true}, 2: {name: "se0", tunnel: true}, 3: {name: "wg0", tunnel: true}}, routes: routes}
	}
	for name, tt := range map[string]struct {
		ground terrain
		want   contests
	}{
		"nothing":             {on(), contests{}},
		"a usual base":        {on(groundRoute{dst: all4, nic: 1, metric: 100}, groundRoute{dst: all6, nic: 1, metric: 100}), contests{}},
		"the same metric":     {on(groundRoute{dst: all6, nic: 1, metric: 50}, groundRoute{dst: all6, nic: 2, metric: 50}), contests{v6: true}},
		"a better one":        {on(groundRoute{dst: all4, nic: 1, metric: 10}), contests{v4: true}},
		"the profile's own":   {on(groundRoute{dst: all4, nic: 1, metric: 50}, groundRoute{dst: all4, nic: 2, metric: 20}), contests{}},
		"its own, worse":      {on(groundRoute{dst: all4, nic: 1, metric: 100}, groundRoute{dst: all4, nic: 2, metric: 700}), contests{v4: true}},
		"another VPN":         {on(groundRoute{dst: all4, nic: 3, metric: 20}), contests{}},
		"no default route":    {on(groundRoute{dst: netip.MustParsePrefix("10.0.0.0/8"), nic: 1, metric: 0}), contests{}},
		"one of two is worse": {on(groundRoute{dst: all6, nic: 1, metric: 600}, groundRoute{dst: all6, nic: 1, metric: 0}), contests{v6: true}},
	} {
		if got := tt.ground.contests("se0"); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestAContestedDefaultRouteIsOutdone(t *testing.T) {
	via := netip.MustParseAddr("fe80::1")
	before := []nmvpn.Route{{Dst: netip.MustParsePrefix("fd00::/8"), Via: via}}
	v := verdict{
		ip4: &nmvpn.IPConfig{Addr: netip.MustParsePrefix("10.0.0.2/24"), NeverDefault: true},
		ip6: &nmvpn.IPConfig{Addr: netip.MustParsePrefix("fd00::2/64"), Gateway: via, Routes: before[:1:1]},
	}
	v.outdo(contests{})
	if len(v.ip6.Routes) != 1 {
		t.Errorf("without a contest the routes are %v", v.ip6.Routes)
	}
	v.outdo(contests{v4: true, v6: true})
	want := append(slices.Clone(before), nmvpn.Route{Dst: halves[true][0], Via: via}, nmvpn.Route{Dst: halves[true][1], Via: via})
	if !slices.Equal(v.ip6.Routes, want) {
		t.Errorf("routes are %v, want %v", v.ip6.Routes, want)
	}
	if len(v.ip4.Routes) > 0 {
		t.Errorf("a split tunnel gets %v", v.ip4.Routes)
	}
}
