// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// candidate is an address that could be the best one.
type candidate struct {
	prefix     netip.Prefix
	deprecated bool
	local      bool // unique local (RFC 4193)
	slaac      bool
	from       netip.Prefix // that it was formed in
}

// config assembles the configuration from what is known at now.
func (c *Client) config(now time.Time) *Config6 {
	cfg := &Config6{MTU: c.host.mtu, Router: c.host.defaultRouter()}
	cfg.Addrs = c.addresses(now)
	if len(cfg.Addrs) > 0 {
		cfg.Addr = cfg.Addrs[0]
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
		addr, ok := c.address(r.key)
		if !ok {
			continue
		}
		bits := 64
		if _, onLink := c.host.prefixes.get(r.key); !onLink {
			bits = 128
		}
		list = append(list, candidate{
			prefix:     netip.PrefixFrom(addr, bits),
			deprecated: c.host.deprecated(r, now),
			local:      addr.IsPrivate(),
			slaac:      true,
			from:       r.key,
		})
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(falseFirst(a.deprecated, b.deprecated), falseFirst(a.local, b.local), falseFirst(a.slaac, b.slaac))
	})
	if c.maker != nil {
		c.choose(list)
	}
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

// routes returns the on-link prefixes except addr's own, and for every other
// destination the route whose router claims the highest preference.
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
