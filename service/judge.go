// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"net/netip"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
)

// The hub, and everybody in it who answers DHCP or sends router advertisements, proposes; the profile
// decides. judge is that decision, without side effects: it turns the profile, what the network in the tunnel
// says and what is outside it into what NetworkManager is told, and what a person has to know about the
// difference.

// A verdict is what becomes of the network's proposals.
type verdict struct {
	ip4, ip6 *nmvpn.IPConfig // nil: nothing of that family
	// notices are for the person: what is not as the profile leads them to expect.
	notices []string
	// refused are for the log: what the network proposed in vain.
	refused []string
}

func (v *verdict) notice(format string, args ...any) {
	v.notices = append(v.notices, fmt.Sprintf(format, args...))
}

func (v *verdict) refuse(format string, args ...any) {
	v.refused = append(v.refused, fmt.Sprintf(format, args...))
}

// judge decides about a lease and an IPv6 configuration, each nil if there is none.
func judge(p *profile.Profile, l *dhcp.Lease, l6 *autoconf.Config6, around surroundings) verdict {
	var v verdict
	split := p.IPv4.NeverDefault && !p.IPv4.Disabled
	if l != nil {
		v.ip4 = v.family(p, nmvpn.IPConfig{Addr: l.Addr, Gateway: l.Router, DNS: l.DNS, WINS: l.WINS, Domains: l.Domains, NeverDefault: split || !l.Router.IsValid() && !l.OnLink},
			l.Routes, split, around)
	}
	// NetworkManager up to 1.46.0 refuses a family without an address.
	if l6 != nil && l6.Addr.IsValid() && p.BlockIPv6 != profile.BlockIPv6Yes {
		split6 := split || p.IPv6.NeverDefault
		v.ip6 = v.family(p, nmvpn.IPConfig{Addr: l6.Addr, Gateway: l6.Router, DNS: l6.DNS, Domains: l6.Domains, NeverDefault: split6 || !l6.Router.IsValid()},
			l6.Routes, split6, around)
	}
	full4 := full(p.IPv4, v.ip4)
	routeDNS(v.ip4, full4)
	if p.IPv4.Auto && !split && !p.IPv4.IgnoreAutoRoutes && l != nil && !full4 {
		if l.SetAside.IsValid() {
			v.notice("The network of this VPN offers no default route for IPv4, as its router %v is set aside (RFC 3442) for the routes that it pushes: all but what they lead to is reached outside the VPN, unprotected. "+
				"If that is meant, set ipv4.never-default=yes; if all shall go by the router: nmcli connection modify %s +ipv4.routes \"0.0.0.0/0 %v\"", l.SetAside, p.ShellName(), l.SetAside)
		} else {
			v.notice("The network of this VPN offers no default route for IPv4: all but its own networks is reached outside the VPN, unprotected. If that is meant, set ipv4.never-default=yes.")
		}
	}
	if p.IPv4.Disabled && full(p.IPv6, v.ip6) && !p.Strict.On() {
		v.notice("IPv4 stays outside of this VPN, unprotected (ipv4.method).")
	}
	v.closeIPv6(p, full4)
	v.lookAtGuard(p, around)
	return v
}

// lookAtGuard reports when the profile relies on rules that are not there.
func (v *verdict) lookAtGuard(p *profile.Profile, around surroundings) {
	inTable := (p.IPv4.Disabled || p.IPv4.Table == profile.StrictTable) && (p.IPv6.Disabled || p.IPv6.Table == profile.StrictTable)
	on := "on"
	if p.Strict == profile.StrictAllowLAN {
		on = "on --allow-lan"
	}
	switch {
	case p.Strict.On() && !(around.guarded && inTable):
		v.notice("Traffic outside of this VPN is NOT blocked, although the profile says %s=%s: run nm-softether-strict %s %s.", profile.KeyStrict, p.Strict, on, p.ShellName())
	case !around.guarded && (p.IPv4.Table == profile.StrictTable || p.IPv6.Table == profile.StrictTable):
		v.notice("Nothing goes through this VPN: its routes are in the table of strict mode (route-table), which is off: run nm-softether-strict off %s.", p.ShellName())
	case !p.Strict.On() && around.guarded && inTable:
		v.notice("Traffic outside of this VPN is still blocked, although the profile says %s=%s: run nm-softether-strict off %s.", profile.KeyStrict, profile.StrictNo, p.ShellName())
	}
}

// full reports whether a family's default route leads into the tunnel.
func full(a profile.Addressing, c *nmvpn.IPConfig) bool {
	switch {
	case a.Disabled || a.NeverDefault:
		return false
	case a.OwnDefault || a.IgnoreAutoRoutes || c == nil:
		return a.OwnDefault
	}
	return !c.NeverDefault || share(c.Routes) == 1
}

// family adds the routes that are acceptable; in a split tunnel they must not amount to a default route in
// pieces.
func (v *verdict) family(p *profile.Profile, c nmvpn.IPConfig, announced []dhcp.Route, split bool, around surroundings) *nmvpn.IPConfig {
	if n, ok := around.local(c.Addr.Masked()); ok {
		v.notice("The network of this VPN, %v, is also the local one of %s: of two hosts with the same address only the one in the VPN is reached.", c.Addr.Masked(), n.device)
	}
	for _, d := range c.DNS {
		if n, ok := around.router(d); ok {
			v.notice("The DNS server %v of this VPN has the address of the router of %s: without systemd-resolved, questions go to that one. Another address in either network helps, or ipv4.dns with another server of the VPN.", d, n.device)
		}
	}
	for _, r := range announced {
		n, overlaps := around.local(r.Dst)
		switch {
		case r.Dst.IsSingleIP() && r.Dst.Addr() == around.server:
			v.refuse("route %v left out: it leads to the VPN server, whose packets cannot go through the VPN", r)
		case overlaps && !p.AcceptOverlapping:
			v.refuse("route %v left out: it would hide %v, the local network of %s (%s=yes accepts it)", r, n.prefix, n.device, profile.KeyOverlapping)
		default:
			c.Routes = append(c.Routes, nmvpn.Route{Dst: r.Dst, Via: r.Via})
		}
	}
	if split && share(c.Routes) >= mostOfAll {
		c.Routes = v.withoutPieces(c.Routes)
	}
	return &c
}

// mostOfAll is the share of all addresses from which on routes count as a default route under another name,
// as with 0.0.0.0/1 and 128.0.0.0/1.
const mostOfAll = 0.5

// withoutPieces leaves out all routes that lead to public addresses.
func (v *verdict) withoutPieces(routes []nmvpn.Route) []nmvpn.Route {
	var kept []nmvpn.Route
	left := 0
	var first netip.Prefix
	for _, r := range routes {
		if portion(r.Dst) == 0 {
			kept = append(kept, r)
			continue
		}
		if left++; left == 1 {
			first = r.Dst
		}
	}
	v.refuse("%d routes (%v first) left out: together they are a default route, which never-default=yes forbids", left, first)
	return kept
}

// portion returns which part of all public addresses a network covers.
func portion(dst netip.Prefix) float64 {
	everything := 0
	if dst.Addr().Is6() {
		if dst.Bits() <= global.Bits() && dst.Contains(global.Addr()) {
			return 1
		}
		if !global.Contains(dst.Addr()) {
			return 0
		}
		everything = global.Bits()
	} else if dst.Addr().IsPrivate() && dst.Bits() >= 8 {
		return 0
	}
	p := 1.0
	for range dst.Bits() - everything {
		p /= 2
	}
	return p
}

// global holds all public IPv6 addresses (RFC 4291, IANA).
var global = netip.MustParsePrefix("2000::/3")

// share returns which part of all public addresses the routes of one family cover together.
func share(routes []nmvpn.Route) float64 {
	sum := 0.0
	for i, r := range routes {
		covered := false
		for j, o := range routes {
			wider := o.Dst.Bits() < r.Dst.Bits() || o.Dst.Bits() == r.Dst.Bits() && j < i
			covered = covered || wider && o.Dst.Contains(r.Dst.Addr())
		}
		if !covered {
			sum += portion(r.Dst)
		}
	}
	return min(sum, 1)
}

// deadEnd is the gateway of a closed default route. Only the uplink answers for it, see
// [tunnel.guardDeadEnd], and packets sent there fail.
var deadEnd = netip.MustParseAddr("fe80::5e:c105:ed")

// closeIPv6 leads the IPv6 default route into the tunnel, where it ends, if that of IPv4 leads there and IPv6
// would otherwise leave in the clear.
func (v *verdict) closeIPv6(p *profile.Profile, full4 bool) {
	wanted := p.BlockIPv6 == profile.BlockIPv6Yes || p.BlockIPv6 == profile.BlockIPv6Auto && full4 && !p.IPv6.NeverDefault
	if !wanted || full(p.IPv6, v.ip6) {
		return
	}
	if !p.IPv6.Auto || p.IPv6.IgnoreAutoRoutes {
		if !p.Strict.On() {
			v.notice("IPv6 stays outside of this VPN, unprotected: it can be blocked only with ipv6.method=auto and without ipv6.ignore-auto-routes.")
		}
		return
	}
	if v.ip6 == nil {
		v.ip6 = &nmvpn.IPConfig{Addr: closedAddress(p.UUID)}
		if p.BlockIPv6 == profile.BlockIPv6Auto {
			v.notice("IPv6 is blocked as long as this VPN offers none (%s).", profile.KeyBlockIPv6)
		}
	}
	v.ip6.Gateway, v.ip6.NeverDefault = deadEnd, false
}

// closedAddress returns a unique local address (RFC 4193) that only this connection has. With it as their
// source, public IPv6 addresses come last for programs (RFC 6724), so that they try IPv4 first instead of
// waiting.
func closedAddress(uuid string) netip.Prefix {
	sum := sha256.Sum256([]byte("closed IPv6 of " + uuid))
	a := [16]byte{0: 0xfd, 15: 2}
	copy(a[1:6], sum[:])
	return netip.PrefixFrom(netip.AddrFrom16(a), 128)
}
