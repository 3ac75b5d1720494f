// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
)

// home is a laptop at home, with a server on the Internet.
var home = surroundings{server: netip.MustParseAddr("203.0.113.10"), nets: []localNet{
	{netip.MustParsePrefix("192.168.1.0/24"), "wlan0"},
	{netip.MustParsePrefix("192.168.1.1/32"), "wlan0"},
	{netip.MustParsePrefix("2001:db8:1::/64"), "wlan0"},
}}

func routes(text ...string) []dhcp.Route {
	var list []dhcp.Route
	for _, t := range text {
		dst, via, _ := strings.Cut(t, " via ")
		r := dhcp.Route{Dst: netip.MustParsePrefix(dst)}
		if via != "" {
			r.Via = netip.MustParseAddr(via)
		}
		list = append(list, r)
	}
	return list
}

func leased(router string, r ...string) *dhcp.Lease {
	l := &dhcp.Lease{Addr: netip.MustParsePrefix("10.20.0.100/24"), Routes: routes(r...)}
	if router != "" {
		l.Router = netip.MustParseAddr(router)
	}
	return l
}

func advertised(router string, r ...string) *autoconf.Config6 {
	c := &autoconf.Config6{Addr: netip.MustParsePrefix("2001:db8:20::100/64"), Routes: routes(r...)}
	if router != "" {
		c.Router = netip.MustParseAddr(router)
	}
	return c
}

func seen(p netip.Prefix) string {
	if p == closedAddress("") {
		return "closed"
	}
	return p.String()
}

// outline is a family's configuration in short.
func outline(c *nmvpn.IPConfig) string {
	if c == nil {
		return ""
	}
	s := seen(c.Addr)
	switch {
	case c.NeverDefault:
	case c.Gateway == deadEnd:
		s += " default ends"
	default:
		s += " default " + c.Gateway.String()
	}
	for _, r := range c.Routes {
		s += " " + r.Dst.String()
	}
	return s
}

func TestTheProfileDecidesWhatIsTakenFromTheNetwork(t *testing.T) {
	auto := profile.Addressing{Auto: true}
	split := profile.Addressing{Auto: true, NeverDefault: true}
	usual := profile.Profile{ID: "Work", IPv4: auto, IPv6: auto, BlockIPv6: profile.BlockIPv6Auto}
	with := func(f ...func(*profile.Profile)) profile.Profile {
		p := usual
		for _, change := range f {
			change(&p)
		}
		return p
	}
	split4 := func(p *profile.Profile) { p.IPv4 = split }
	split6 := func(p *profile.Profile) { p.IPv6 = split }
	off6 := func(p *profile.Profile) { p.IPv6 = profile.Addressing{Disabled: true} }
	manual4 := func(p *profile.Profile) { p.IPv4 = profile.Addressing{Family: profile.Family{OwnDefault: true}} }
	open6 := func(p *profile.Profile) { p.BlockIPv6 = profile.BlockIPv6No }
	shut6 := func(p *profile.Profile) { p.BlockIPv6 = profile.BlockIPv6Yes }
	overlapping := func(p *profile.Profile) { p.AcceptOverlapping = true }
	strict := func(p *profile.Profile) {
		p.Strict, p.IPv4.Table, p.IPv6.Table = profile.StrictYes, profile.StrictTable, profile.StrictTable
	}
	alone := func(p *profile.Profile) { p.Strict = profile.StrictYes }

	const gw, ra = "10.20.0.1", "fe80::1"
	for _, tt := range []struct {
		name       string
		p          profile.Profile
		lease      *dhcp.Lease
		six        *autoconf.Config6
		want4      string
		want6      string
		said, left string // words that the only notice, or refusal, must have; "" = none
	}{
		{"full, both families", usual, leased(gw), advertised(ra), "10.20.0.100/24 default 10.20.0.1", "2001:db8:20::100/64 default fe80::1", "", ""},
		{"full without IPv6 closes it", usual, leased(gw), nil, "10.20.0.100/24 default 10.20.0.1", "closed default ends", "IPv6 is blocked", ""},
		{"IPv6 without a router is closed with its own address", usual, leased(gw), advertised(""), "10.20.0.100/24 default 10.20.0.1", "2001:db8:20::100/64 default ends", "", ""},
		{"the person keeps IPv6 open", with(open6), leased(gw), nil, "10.20.0.100/24 default 10.20.0.1", "", "", ""},
		{"the person keeps IPv6 out", with(split6), leased(gw), nil, "10.20.0.100/24 default 10.20.0.1", "", "", ""},
		{"closed by order, routers or not", with(shut6), leased(gw), advertised(ra), "10.20.0.100/24 default 10.20.0.1", "closed default ends", "", ""},
		{"closed by order in a split tunnel", with(shut6, split4), leased(gw), nil, "10.20.0.100/24", "closed default ends", "", ""},
		{"IPv6 that cannot be closed is named", with(off6), leased(gw), nil, "10.20.0.100/24 default 10.20.0.1", "", "IPv6 stays outside", ""},
		{"guarded: unless all else is blocked", with(off6, strict), leased(gw), nil, "10.20.0.100/24 default 10.20.0.1", "", "", ""},
		{"guarded: the strict table", with(strict), leased(gw), advertised(ra), "10.20.0.100/24 default 10.20.0.1", "2001:db8:20::100/64 default fe80::1", "", ""},
		{"unguarded: the table without rules", with(strict), leased(gw), advertised(ra), "10.20.0.100/24 default 10.20.0.1", "2001:db8:20::100/64 default fe80::1", `NOT blocked, although the profile says strict=yes: run nm-softether-strict on "Work".`, ""},
		{"guarded: the word without the table", with(alone), leased(gw), advertised(ra), "10.20.0.100/24 default 10.20.0.1", "2001:db8:20::100/64 default fe80::1", "NOT blocked", ""},
		{
			"guarded: the word is gone", with(strict, func(p *profile.Profile) { p.Strict = profile.StrictNo }), leased(gw), advertised(ra),
			"10.20.0.100/24 default 10.20.0.1", "2001:db8:20::100/64 default fe80::1", "still blocked", "",
		},
		{
			"unguarded: only the table", with(strict, func(p *profile.Profile) { p.Strict = profile.StrictNo }), leased(gw), advertised(ra),
			"10.20.0.100/24 default 10.20.0.1", "2001:db8:20::100/64 default fe80::1", "Nothing goes through this VPN", "",
		},
		{"an address of the person's own, with a gateway", with(manual4), nil, nil, "", "closed default ends", "IPv6 is blocked", ""},

		{"split", with(split4), leased(gw, "10.30.0.0/16 via 10.20.0.1"), nil, "10.20.0.100/24 10.30.0.0/16", "", "", ""},
		{"split covers IPv6", with(split4), leased(gw), advertised(ra, "2001:db8:30::/48 via fe80::1"), "10.20.0.100/24", "2001:db8:20::100/64 2001:db8:30::/48", "", ""},
		{
			"two halves are a default route", with(split4), leased(gw, "0.0.0.0/1 via 10.20.0.1", "128.0.0.0/1 via 10.20.0.1", "10.30.0.0/16 via 10.20.0.1"), nil,
			"10.20.0.100/24 10.30.0.0/16", "", "", "2 routes (0.0.0.0/1 first) left out",
		},
		{"one half is, too", with(split4), leased("", "128.0.0.0/1 via 10.20.0.1"), nil, "10.20.0.100/24", "", "", "never-default=yes forbids"},
		{"and four quarters", with(split4), leased("", "0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"), nil, "10.20.0.100/24", "", "", "4 routes"},
		{
			"halves of IPv6", with(split4), nil, advertised(ra, "::/1 via fe80::1", "8000::/1 via fe80::1", "fd00::/8 via fe80::1"), "",
			"2001:db8:20::100/64 8000::/1 fd00::/8", "", "1 routes (::/1 first) left out",
		},
		{"all public IPv6", with(split6), nil, advertised(ra, "2000::/4", "3000::/4"), "", "2001:db8:20::100/64", "", "2 routes"},
		{"large networks are none", with(split4), leased(gw, "10.0.0.0/8 via 10.20.0.1", "44.0.0.0/8 via 10.20.0.1"), nil, "10.20.0.100/24 10.0.0.0/8 44.0.0.0/8", "", "", ""},

		{"full, but no router is offered", usual, leased("", "10.30.0.0/16 via 10.20.0.1"), nil, "10.20.0.100/24 10.30.0.0/16", "", "no default route for IPv4", ""},
		{
			"full in halves", usual, leased("", "0.0.0.0/1 via 10.20.0.1", "128.0.0.0/1 via 10.20.0.1"), nil,
			"10.20.0.100/24 0.0.0.0/1 128.0.0.0/1", "closed default ends", "IPv6 is blocked", "",
		},
		{
			"the network is here, too", with(open6), &dhcp.Lease{Addr: netip.MustParsePrefix("192.168.1.77/24"), Router: netip.MustParseAddr("192.168.1.1")}, nil,
			"192.168.1.77/24 default 192.168.1.1", "", "also the local one of wlan0", "",
		},

		{
			"a route to the server", with(open6, overlapping), leased(gw, "203.0.113.10/32 via 10.20.0.1", "203.0.113.0/24 via 10.20.0.1"), nil,
			"10.20.0.100/24 default 10.20.0.1 203.0.113.0/24", "", "", "leads to the VPN server",
		},
		{
			"a route over the local network", with(open6), leased(gw, "192.168.1.0/24 via 10.20.0.1", "192.168.0.0/16 via 10.20.0.1"), nil,
			"10.20.0.100/24 default 10.20.0.1 192.168.0.0/16", "", "", "the local network of wlan0",
		},
		{"one over half of it", with(open6), leased(gw, "192.168.1.128/25 via 10.20.0.1"), nil, "10.20.0.100/24 default 10.20.0.1", "", "", "accept-overlapping-routes=yes accepts"},
		{"one over the local router", with(open6), leased(gw, "192.168.1.1/32 via 10.20.0.1"), nil, "10.20.0.100/24 default 10.20.0.1", "", "", "wlan0"},
		{"the person accepts it", with(open6, overlapping), leased(gw, "192.168.1.0/24 via 10.20.0.1"), nil, "10.20.0.100/24 default 10.20.0.1 192.168.1.0/24", "", "", ""},
		{
			"IPv6 over the local network", usual, leased(gw), advertised(ra, "2001:db8:1::/64 via fe80::1"), "10.20.0.100/24 default 10.20.0.1",
			"2001:db8:20::100/64 default fe80::1", "", "2001:db8:1::/64 via fe80::1 left out",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			around := home
			around.guarded = strings.HasPrefix(tt.name, "guarded: ")
			v := judge(&tt.p, tt.lease, tt.six, around)
			if diff := cmp.Diff([]string{tt.want4, tt.want6}, []string{outline(v.ip4), outline(v.ip6)}); diff != "" {
				t.Errorf("IPv4, IPv6 (-want +got)\n%s", diff)
			}
			for what, of := range map[string]struct {
				got  []string
				want string
			}{"notices": {v.notices, tt.said}, "refused": {v.refused, tt.left}} {
				if of.want == "" && len(of.got) > 0 || of.want != "" && (len(of.got) != 1 || !strings.Contains(of.got[0], of.want)) {
					t.Errorf("%s %q, want %q", what, of.got, of.want)
				}
			}
		})
	}
}

func TestNobodyAnswersForTheDeadEnd(t *testing.T) {
	frame := func(next byte, src netip.Addr, payload ...byte) []byte {
		f := make([]byte, 54, 200)
		f[12], f[13] = 0x86, 0xdd
		f[14], f[14+6] = 0x60, next
		a := src.As16()
		copy(f[14+8:], a[:])
		return append(f, append(payload, make([]byte, 24)...)...)
	}
	other, end := netip.MustParseAddr("fe80::1"), deadEnd.As16()
	advert := func(of [16]byte) []byte { return append([]byte{136, 0, 0, 0, 0x60, 0, 0, 0}, of[:]...) }
	solicit := append([]byte{135, 0, 0, 0, 0, 0, 0, 0}, end[:]...)
	options := append([]byte{58, 0, 1, 4, 0, 0, 0, 0}, advert(end)...)
	for name, tt := range map[string]struct {
		frame []byte
		want  bool
	}{
		"an advertisement":                    {frame(58, other, advert(end)...), true},
		"one behind options":                  {frame(60, other, options...), true},
		"anything from there":                 {frame(58, deadEnd, 128, 0), true},
		"an advertisement of somebody else":   {frame(58, other, advert(other.As16())...), false},
		"a question for it":                   {frame(58, other, solicit...), false},
		"data that happens to look like that": {frame(6, other, advert(end)...), false},
		"IPv4":                                {make([]byte, 100), false},
		"a short frame":                       {frame(58, other)[:60], false},
	} {
		if got := claimsDeadEnd(tt.frame); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestAReplacedRouterIsNamed(t *testing.T) {
	with := func(gw string) announcement {
		return announcement{ip4: &nmvpn.IPConfig{Gateway: netip.MustParseAddr(gw)}, ip6: &nmvpn.IPConfig{Gateway: deadEnd}}
	}
	if got := replacements(announcement{}, with("10.0.0.1")); len(got) != 0 {
		t.Errorf("at first: %q", got)
	}
	if got := replacements(with("10.0.0.1"), with("10.0.0.1")); len(got) != 0 {
		t.Errorf("unchanged: %q", got)
	}
	late := with("10.0.0.2")
	late.ip6.Gateway = netip.MustParseAddr("fe80::bad")
	got := replacements(with("10.0.0.1"), late)
	if len(got) != 2 || !strings.Contains(got[0], "10.0.0.2, before 10.0.0.1") || !strings.Contains(got[1], "fe80::bad") {
		t.Errorf("replaced: %q", got)
	}
}
