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

// yielding says for which IP versions the default route is left to another VPN.
type yielding struct{ v4, v6 bool }

func (t terrain) yielding(tap string) yielding {
	return yielding{v4: t.metrics(tap, false).yields(), v6: t.metrics(tap, true).yields()}
}

// halves are a default route in two pieces, which no metric can beat.
var halves = map[bool][2]netip.Prefix{
	false: {netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/1")},
	true:  {netip.MustParsePrefix("::/1"), netip.MustParsePrefix("8000::/1")},
}

// halve has a default route lead into the tunnel in two halves as well. They are there before they are needed: a base that
// comes up with a better metric would have the traffic until NetworkManager knew of them. In a table of its own, as that of
// strict mode, the default route has no rival, and has to be told from routes that are meant to be there.
func (v *verdict) halve(p *profile.Profile, y yielding) {
	for _, f := range []struct {
		config     *nmvpn.IPConfig
		table      uint32
		v6, yields bool
	}{{v.ip4, p.IPv4.Table, false, y.v4}, {v.ip6, p.IPv6.Table, true, y.v6}} {
		if f.config == nil || f.yields || f.config.NeverDefault || f.table != 0 && f.table != unix.RT_TABLE_MAIN {
			continue
		}
		routes := slices.Clone(f.config.Routes)
		for _, half := range halves[f.v6] {
			if !slices.ContainsFunc(routes, func(r nmvpn.Route) bool { return r.Dst == half }) {
				routes = append(routes, nmvpn.Route{Dst: half, Via: f.config.Gateway})
			}
		}
		f.config.Routes = routes
	}
}

// lookAtOthers tells NetworkManager of the halves what has changed when another VPN gets a default route, or loses it.
func (c *connection) lookAtOthers() {
	if c.phase != up || c.tunnel == nil || c.ground.away || c.ground.detached {
		return // the next announcement has it
	}
	if now := c.ground.now.yielding(c.tunnel.tap.Name()); now != c.ground.yielding {
		c.log.Info("another VPN has a better default route, or no longer has", "ipv4", now.v4, "ipv6", now.v6)
		c.announce()
	}
}
