// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"slices"

	"network-manager-softether/service/nmvpn"
)

// tunnelMetric is what NetworkManager gives the routes of a VPN; a plugin cannot choose it.
const tunnelMetric = 50

// contested reports whether a default route of the base is as good as that of the tunnel, or better. The
// kernel would use it or, as it joins IPv6 routes of the same metric, alternate between the two.
func (t terrain) contested(tap string, v6 bool) bool {
	ours := tunnelMetric
	base := -1
	for _, r := range t.routes {
		if r.dst.Bits() != 0 || r.dst.Addr().Is6() != v6 {
			continue
		}
		switch n := t.nics[r.nic]; {
		case n.name == tap:
			ours = r.metric // the profile's own
		case !n.tunnel && (base < 0 || r.metric < base):
			base = r.metric
		}
	}
	return base >= 0 && base <= ours
}

// contests tells for which IP versions the tunnel's default route is contested.
type contests struct{ v4, v6 bool }

func (t terrain) contests(tap string) contests {
	return contests{v4: t.contested(tap, false), v6: t.contested(tap, true)}
}

// halves are a default route in two pieces, which no metric can beat.
var halves = map[bool][2]netip.Prefix{
	false: {netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/1")},
	true:  {netip.MustParsePrefix("::/1"), netip.MustParsePrefix("8000::/1")},
}

// outdo leads a contested default route into the tunnel in two halves as well.
func (v *verdict) outdo(c contests) {
	for _, f := range []struct {
		config    *nmvpn.IPConfig
		v6, needs bool
	}{{v.ip4, false, c.v4}, {v.ip6, true, c.v6}} {
		if f.config == nil || !f.needs || f.config.NeverDefault {
			continue
		}
		routes := slices.Clone(f.config.Routes)
		for _, half := range halves[f.v6] {
			routes = append(routes, nmvpn.Route{Dst: half, Via: f.config.Gateway})
		}
		f.config.Routes = routes
	}
}

// lookAtContests tells NetworkManager the halves when a base starts or stops contesting the default route.
func (c *connection) lookAtContests() {
	if c.phase != up || c.tunnel == nil || c.ground.away || c.ground.detached {
		return // the next announcement will contain it
	}
	if now := c.ground.now.contests(c.tunnel.tap.Name()); now != c.ground.contests {
		c.log.Info("the default route of a base contests that of the tunnel, or no longer does", "ipv4", now.v4, "ipv6", now.v6)
		c.announce()
	}
}
