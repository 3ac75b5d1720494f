// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
)

// tunnelMetric is what NetworkManager gives the routes of a VPN; a plugin cannot choose it.
const tunnelMetric = 50

// metrics are those of the default routes of one IP version, the best of each kind; none where there is no route.
type metrics struct{ tunnel, base, others int }

const none = math.MaxInt

func (t terrain) metrics(tap string, v6 bool) metrics {
	m := metrics{tunnel: tunnelMetric, base: none, others: none}
	for _, r := range t.routes {
		if r.dst.Bits() != 0 || r.dst.Addr().Is6() != v6 {
			continue
		}
		switch n := t.nics[r.nic]; {
		case n.name == tap:
			m.tunnel = r.metric // the profile's own
		case n.tunnel:
			m.others = min(m.others, r.metric)
		default:
			m.base = min(m.base, r.metric)
		}
	}
	return m
}

// yields reports whether the default route is left to another VPN, which has been given a better metric. To a base it never
// is: the kernel would send by that, or, as it joins IPv6 routes of the same metric, by both in turn.
func (m metrics) yields() bool { return m.others < m.tunnel && m.base > m.tunnel }

// A contest is what the default route of a full tunnel meets: for which IP versions it is left to another VPN, and for
// which a base has halves that are no worse than ours.
type contest struct{ v4, v6, halved4, halved6 bool }

func (t terrain) contest(tap string) contest {
	return contest{
		v4: t.metrics(tap, false).yields(), v6: t.metrics(tap, true).yields(),
		halved4: t.halved(tap, false), halved6: t.halved(tap, true),
	}
}

// halved reports whether a base has halves of a default route, as DHCP can push them, that the kernel may prefer to ours,
// whose metric is that of the default route.
func (t terrain) halved(tap string, v6 bool) bool {
	ours := t.metrics(tap, v6).tunnel
	return slices.ContainsFunc(t.routes, func(r groundRoute) bool {
		return r.dst.Bits() == 1 && r.dst.Addr().Is6() == v6 && !t.nics[r.nic].tunnel && r.metric <= ours
	})
}

// halves are a default route in two pieces, which no metric can beat, and quarters one in four, which no halves can. A base
// with quarters has the traffic: so it is with routes that are more specific, unless strict mode is on.
var halves, quarters = map[bool][]netip.Prefix{
	false: {netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/1")},
	true:  {netip.MustParsePrefix("::/1"), netip.MustParsePrefix("8000::/1")},
}, map[bool][]netip.Prefix{
	false: {netip.MustParsePrefix("0.0.0.0/2"), netip.MustParsePrefix("64.0.0.0/2"), netip.MustParsePrefix("128.0.0.0/2"), netip.MustParsePrefix("192.0.0.0/2")},
	true:  {netip.MustParsePrefix("::/2"), netip.MustParsePrefix("4000::/2"), netip.MustParsePrefix("8000::/2"), netip.MustParsePrefix("c000::/2")},
}

// halve has a default route lead into the tunnel in two halves as well. They are there before they are needed: a base that
// comes up with a better metric would have the traffic until NetworkManager knew of them. In a table of its own, as that of
// strict mode, the default route has no rival, and has to be told from routes that are meant to be there.
func (v *verdict) halve(p *profile.Profile, on contest) {
	for _, f := range []struct {
		config             *nmvpn.IPConfig
		table              uint32
		v6, yields, halved bool
	}{{v.ip4, p.IPv4.Table, false, on.v4, on.halved4}, {v.ip6, p.IPv6.Table, true, on.v6, on.halved6}} {
		if f.config == nil || f.yields || f.config.NeverDefault || f.table != 0 && f.table != unix.RT_TABLE_MAIN {
			continue
		}
		routes, pieces := slices.Clone(f.config.Routes), halves[f.v6]
		if f.halved {
			pieces = slices.Concat(pieces, quarters[f.v6])
		}
		for _, piece := range pieces {
			if !slices.ContainsFunc(routes, func(r nmvpn.Route) bool { return r.Dst == piece }) {
				routes = append(routes, nmvpn.Route{Dst: piece, Via: f.config.Gateway})
			}
		}
		f.config.Routes = routes
	}
}

// lookAtOthers tells NetworkManager of the pieces what has changed when another VPN gets a default route, or a base halves
// of one, or loses them.
func (c *connection) lookAtOthers() {
	if c.phase != up || c.tunnel == nil || c.ground.away || c.ground.detached {
		return // the next announcement has it
	}
	if now := c.ground.now.contest(c.tunnel.tap.Name()); now != c.ground.contest {
		c.log.Info("the default route of this VPN is contested otherwise than before", "left-to-another-ipv4", now.v4, "left-to-another-ipv6", now.v6,
			"halves-below-ipv4", now.halved4, "halves-below-ipv6", now.halved6)
		c.announce()
	}
}
