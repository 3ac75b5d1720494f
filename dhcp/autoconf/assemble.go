// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// candidate is an address that could be the best.
type candidate struct {
	prefix     netip.Prefix
	deprecated bool
	local      bool // unique local (RFC 4193)
	slaac      bool
}

// config puts together what is known at now.
func (c *Client) config(now time.Time) *Config6 {
	cfg := &Config6{MTU: c.host.mtu}
	cfg.Addrs = c.addresses(now)
	if len(cfg.Addrs) > 0 {
		cfg.Addr = cfg.Addrs[0]
	}
	best := low - 1
	for _, r := range c.host.routers.rows {
		if r.value > best {
			cfg.Router, best = r.key, r.value
		}
	}
	cfg.Routes = c.routes(cfg.Addr)
	cfg.DNS = append(cfg.DNS, c.dhcp.dns...)
	for _, r := range c.host.dns.rows {
		if !slices.Contains(cfg.DNS, r.key) {
			cfg.DNS = append(cfg.DNS, r.key)
		}
	}
	cfg.Domains = append(cfg.Domains, c.dhcp.domains...)
	for _, r := range c.host.domains.rows {
		if !slices.Contains(cfg.Domains, r.key) {
			cfg.Domains = append(cfg.Domains, r.key)
		}
	}
	return cfg
}

func (c *Client) addresses(now time.Time) []netip.Prefix {
	var list []candidate
	for _, r := range c.dhcp.leased.rows {
		list = append(list, candidate{
			prefix:     netip.PrefixFrom(r.key, 128),
			deprecated: left(r.value, now) <= 0,
			local:      r.key.IsPrivate(),
		})
	}
	for _, r := range c.host.addrs.rows {
		p := r.key
		if _, onLink := c.host.prefixes.get(p.Masked()); !onLink {
			p = netip.PrefixFrom(p.Addr(), 128)
		}
		list = append(list, candidate{
			prefix:     p,
			deprecated: left(r.value, now) <= 0,
			local:      p.Addr().IsPrivate(),
			slaac:      true,
		})
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(falseFirst(a.deprecated, b.deprecated), falseFirst(a.local, b.local), falseFirst(a.slaac, b.slaac))
	})
	var addrs []netip.Prefix
	for _, a := range list {
		addrs = append(addrs, a.prefix)
	}
	return addrs
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// routes returns the prefixes on the link, but for addr's own, and for every other
// destination the route that its router prefers most.
func (c *Client) routes(addr netip.Prefix) []Route {
	var list []Route
	for _, r := range c.host.prefixes.rows {
		if r.key != addr.Masked() {
			list = append(list, Route{Dst: r.key})
		}
	}
	chosen := make(map[netip.Prefix]preference)
	for _, r := range c.host.routes.rows {
		pref, known := chosen[r.key.dst]
		switch {
		case !known:
			list = append(list, Route{Dst: r.key.dst, Via: r.key.via})
		case r.value > pref:
			i := slices.IndexFunc(list, func(o Route) bool { return o.Dst == r.key.dst && o.Via.IsValid() })
			list[i].Via = r.key.via
		default:
			continue
		}
		chosen[r.key.dst] = r.value
	}
	return list
}
