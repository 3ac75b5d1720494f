// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"

	"network-manager-softether/profile"
)

// A session that moved to a tunnel would travel through itself.
func TestNoTunnelIsAnotherBase(t *testing.T) {
	f := field()
	all := func(base) bool { return false }
	if to, ok := f.alternative(eth, groundServer, all); !ok || to.name != "wlan0" {
		t.Errorf("the alternative is %v (%v), want wlan0", to, ok)
	}
	if to, ok := f.alternative(eth, groundServer, func(b base) bool { return b.name == "wlan0" }); ok {
		t.Errorf("the alternative is %v, want none", to)
	}
}

// On an interface without an address, nothing leads beyond the link, whatever routes it has.
func TestALinkLocalAddressLeadsNowhere(t *testing.T) {
	f := field(func(f *terrain) {
		n := f.nics[wifi]
		n.addrs = []netip.Addr{netip.MustParseAddr("169.254.3.4"), netip.MustParseAddr("fe80::1")}
		f.nics[wifi] = n
	})
	for _, tt := range []struct {
		nic      int
		v6, want bool
	}{{wifi, false, false}, {wifi, true, false}, {eth, false, true}, {eth, true, false}} {
		if f.addressed(tt.nic, tt.v6) != tt.want {
			t.Errorf("interface %d, IPv6 %v: want %v", tt.nic, tt.v6, tt.want)
		}
	}
}

func TestHowMuchOfAllAddressesARouteCovers(t *testing.T) {
	for dst, want := range map[string]float64{
		"0.0.0.0/0": 1, "128.0.0.0/1": 0.5, "10.0.0.0/8": 0, "10.0.0.0/7": 1. / 128, "192.168.0.0/16": 0, "11.0.0.0/8": 1. / 256,
		"::/0": 1, "2000::/3": 1, "::/1": 1, "8000::/1": 0, "2000::/4": 0.5, "2001:db8::/32": 1. / (1 << 29), "fd00::/8": 0,
	} {
		if got := portion(netip.MustParsePrefix(dst)); got != want {
			t.Errorf("%s covers %v, want %v", dst, got, want)
		}
	}
}

func TestOnlyTheServersOwnRouteIsRefusedForIt(t *testing.T) {
	p := &profile.Profile{IPv4: profile.Addressing{Auto: true}, IPv6: profile.Addressing{Auto: true}}
	v := judge(p, leased("10.20.0.1", "203.0.113.10/32", "203.0.113.10/31", "203.0.113.11/32"), nil, home)
	if got, want := outline(v.ip4), "10.20.0.100/24 default 10.20.0.1 203.0.113.10/31 203.0.113.11/32"; got != want || len(v.refused) != 1 {
		t.Errorf("%s, refused %q, want %s", got, v.refused, want)
	}
}

// What cannot be blocked is said, and an address that is not there is not announced.
func TestIPv6OfAFullTunnel(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*profile.Profile)
		ip6    string
		notice bool
	}{
		"blocked":                 {func(*profile.Profile) {}, "closed default ends", true},
		"its routes are not used": {func(p *profile.Profile) { p.IPv6.IgnoreAutoRoutes = true }, "", true},
		"it is not ours":          {func(p *profile.Profile) { p.IPv6.Auto = false }, "", true},
		"it is let go":            {func(p *profile.Profile) { p.BlockIPv6 = profile.BlockIPv6No }, "", false},
	} {
		p := &profile.Profile{IPv4: profile.Addressing{Auto: true}, IPv6: profile.Addressing{Auto: true}, BlockIPv6: profile.BlockIPv6Auto}
		tt.change(p)
		l6 := advertised("fe80::1")
		l6.Addr = netip.Prefix{} // as from a router that lets nobody form an address
		v := judge(p, leased("10.20.0.1"), l6, home)
		if v.ip6 != nil && v.ip6.Addr == closedAddress(p.UUID) {
			v.ip6.Addr = closedAddress("")
		}
		if got := outline(v.ip6); got != tt.ip6 || len(v.notices) > 0 != tt.notice {
			t.Errorf("%s: IPv6 is %q, notices %q", name, got, v.notices)
		}
	}
}

// ipv4.never-default holds for IPv6 as well, but not where there is no IPv4 that it could speak of.
func TestNeverDefaultOfADisabledIPv4SaysNothing(t *testing.T) {
	for disabled, want := range map[bool]string{true: "2001:db8:20::100/64 default fe80::1", false: "2001:db8:20::100/64"} {
		p := &profile.Profile{IPv4: profile.Addressing{Disabled: disabled, Auto: !disabled, NeverDefault: true}, IPv6: profile.Addressing{Auto: true}}
		v := judge(p, nil, advertised("fe80::1"), home)
		if got := outline(v.ip6); got != want {
			t.Errorf("IPv4 disabled: %v: IPv6 is %q, want %q", disabled, got, want)
		}
	}
}
