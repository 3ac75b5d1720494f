// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"log/slog"
	"net/netip"
	"slices"

	"network-manager-softether/dhcp/internal/settings"
)

// Config6 is what routers and DHCPv6 let this host use, after all checks. It never changes after it has been
// returned.
type Config6 struct {
	Addr    netip.Prefix   // the best of Addrs; the zero value if there is none
	Addrs   []netip.Prefix // all, best first; /128 where the prefix is not on the link
	Router  netip.Addr     // link-local address of the default router; zero: there must be none
	Routes  []Route        // RIO and on-link prefixes, without Addr's own and the default route
	DNS     []netip.Addr   // may include link-local addresses
	Domains []string
	MTU     int // 0: not given
}

// Equal reports whether c and d configure a host in the same way.
func (c *Config6) Equal(d *Config6) bool {
	if c == nil || d == nil {
		return c == d
	}
	return c.Router == d.Router && c.MTU == d.MTU && slices.Equal(c.Addrs, d.Addrs) &&
		slices.Equal(c.Routes, d.Routes) && slices.Equal(c.DNS, d.DNS) && slices.Equal(c.Domains, d.Domains)
}

// String returns c in one line.
func (c *Config6) String() string {
	if !c.Addr.IsValid() {
		return "no address"
	}
	return settings.Line{
		First:  settings.Join(c.Addrs),
		Router: c.Router, DNS: c.DNS, Domains: c.Domains, Routes: len(c.Routes), MTU: c.MTU,
	}.String()
}

// LogValue implements [slog.LogValuer].
func (c *Config6) LogValue() slog.Value {
	if c == nil {
		return slog.StringValue("none")
	}
	return slog.StringValue(c.String())
}
