// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Config is the signal of the same name: the tunnel as a whole (networkmanager.md 4.1).
type Config struct {
	TunDev         string     // interface name; must exist when the signal is sent
	Gateway        netip.Addr // the server's address outside the tunnel; required
	MTU            uint32     // bytes, of TunDev; 0 leaves it alone
	Banner         string     // shown to the user
	HasIP4, HasIP6 bool       // a promise: NetworkManager waits for Ip4Config, Ip6Config
	CanPersist     bool       // the connection outlives its base, if the profile wants it to
}

func (c Config) dict() map[string]dbus.Variant {
	d := map[string]dbus.Variant{
		"tundev":  dbus.MakeVariant(c.TunDev),
		"has-ip4": dbus.MakeVariant(c.HasIP4),
		"has-ip6": dbus.MakeVariant(c.HasIP6),
	}
	if gw := c.Gateway.Unmap(); gw.Is4() {
		d["gateway"] = dbus.MakeVariant(ip4(gw))
	} else {
		d["gateway"] = dbus.MakeVariant(ip6(gw))
	}
	if c.CanPersist {
		d["can-persist"] = dbus.MakeVariant(true)
	}
	if c.MTU != 0 {
		d["mtu"] = dbus.MakeVariant(c.MTU)
	}
	if c.Banner != "" {
		d["banner"] = dbus.MakeVariant(Text(c.Banner))
	}
	return d
}

// Text returns s in a form that fits a D-Bus string: with one invalid byte or a NUL, the whole signal would
// not be sent.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
}

// A Route leads to Dst through the tunnel; a zero Via means on-link. The metric is up to NetworkManager.
type Route struct {
	Dst netip.Prefix
	Via netip.Addr
}

// IPConfig is the configuration of one address family inside the tunnel
// (networkmanager.md 4.2, 4.3). All addresses are of that family.
type IPConfig struct {
	Addr         netip.Prefix
	Gateway      netip.Addr // next hop of the default route; zero: the default route is on-link, unless NeverDefault
	DNS          []netip.Addr
	WINS         []netip.Addr // IPv4 only
	Domains      []string
	Routes       []Route
	NeverDefault bool
}

// maxShown bounds how many routes String lists.
const maxShown = 16

// String returns c in one line, for a log.
func (c IPConfig) String() string {
	var b strings.Builder
	b.WriteString(c.Addr.String())
	if c.Gateway.IsValid() {
		fmt.Fprintf(&b, ", gateway %v", c.Gateway)
	}
	switch {
	case c.NeverDefault:
		b.WriteString(", no default route")
	case !c.Gateway.IsValid():
		b.WriteString(", default route on-link")
	}
	if len(c.DNS) > 0 {
		fmt.Fprintf(&b, ", DNS %v", c.DNS)
	}
	if len(c.WINS) > 0 {
		fmt.Fprintf(&b, ", WINS %v", c.WINS)
	}
	if len(c.Domains) > 0 {
		fmt.Fprintf(&b, ", domains %v", c.Domains)
	}
	for i, r := range c.Routes {
		if i == maxShown {
			fmt.Fprintf(&b, " and %d more", len(c.Routes)-i)
			break
		}
		if i == 0 {
			b.WriteString(", routes")
		}
		fmt.Fprintf(&b, " %v", r.Dst)
		if r.Via.IsValid() {
			fmt.Fprintf(&b, "→%v", r.Via)
		}
	}
	return b.String()
}

// SameRouting reports whether c and o agree in address, default route and routes.
func (c IPConfig) SameRouting(o IPConfig) bool {
	return c.Addr == o.Addr && c.Gateway == o.Gateway && c.NeverDefault == o.NeverDefault && slices.Equal(c.Routes, o.Routes)
}

// SameDNS reports whether c and o agree in servers and domains.
func (c IPConfig) SameDNS(o IPConfig) bool {
	return slices.Equal(c.DNS, o.DNS) && slices.Equal(c.WINS, o.WINS) && slices.Equal(c.Domains, o.Domains)
}

func (c IPConfig) dict4() map[string]dbus.Variant {
	d := c.common()
	d["address"] = dbus.MakeVariant(ip4(c.Addr.Addr()))
	if c.Gateway.IsValid() {
		d["internal-gateway"] = dbus.MakeVariant(ip4(c.Gateway))
	}
	if len(c.DNS) > 0 {
		d["dns"] = dbus.MakeVariant(ip4s(c.DNS))
	}
	if len(c.WINS) > 0 {
		d["nbns"] = dbus.MakeVariant(ip4s(c.WINS))
	}
	if len(c.Routes) > 0 {
		routes := make([][]uint32, len(c.Routes))
		for i, r := range c.Routes {
			var via uint32
			if r.Via.IsValid() {
				via = ip4(r.Via)
			}
			routes[i] = []uint32{ip4(r.Dst.Addr()), uint32(r.Dst.Bits()), via, 0}
		}
		d["routes"] = dbus.MakeVariant(routes)
	}
	return d
}

// route6 marshals as (ayuayu). NetworkManager 1.42 silently ignores the longer form with a preferred source.
type route6 struct {
	Dst    []byte
	Prefix uint32
	Via    []byte
	Metric uint32
}

func (c IPConfig) dict6() map[string]dbus.Variant {
	d := c.common()
	d["address"] = dbus.MakeVariant(ip6(c.Addr.Addr()))
	if c.Gateway.IsValid() {
		d["internal-gateway"] = dbus.MakeVariant(ip6(c.Gateway))
	}
	if len(c.DNS) > 0 {
		dns := make([][]byte, len(c.DNS))
		for i, a := range c.DNS {
			dns[i] = ip6(a)
		}
		d["dns"] = dbus.MakeVariant(dns)
	}
	if len(c.Routes) > 0 {
		routes := make([]route6, len(c.Routes))
		for i, r := range c.Routes {
			via := r.Via
			if !via.IsValid() {
				via = netip.IPv6Unspecified()
			}
			routes[i] = route6{ip6(r.Dst.Addr()), uint32(r.Dst.Bits()), ip6(via), 0}
		}
		d["routes"] = dbus.MakeVariant(routes)
	}
	return d
}

func (c IPConfig) common() map[string]dbus.Variant {
	d := map[string]dbus.Variant{
		"prefix":        dbus.MakeVariant(uint32(c.Addr.Bits())),
		"never-default": dbus.MakeVariant(c.NeverDefault),
	}
	if len(c.Domains) > 0 {
		d["domains"] = dbus.MakeVariant(c.Domains)
	}
	return d
}

// ip4 returns an IPv4 address in the form NetworkManager wants: a number whose bytes in memory are the
// address in network order.
func ip4(a netip.Addr) uint32 {
	b := a.Unmap().As4()
	return binary.NativeEndian.Uint32(b[:])
}

func ip4s(list []netip.Addr) []uint32 {
	numbers := make([]uint32, len(list))
	for i, a := range list {
		numbers[i] = ip4(a)
	}
	return numbers
}

func ip6(a netip.Addr) []byte {
	b := a.As16()
	return b[:]
}
