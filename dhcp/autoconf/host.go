// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"log/slog"
	"net/netip"
	"time"

	"network-manager-softether/dhcp/internal/pace"
)

// Bounds on what is kept, whatever routers say. A hub's NoRoutingV6 policy allows a session 15 addresses
// (Cedar/Hub.c).
const (
	maxRouters  = 8
	maxPrefixes = 16
	maxAddrs    = 8
	maxRoutes   = 128
	maxDNS      = 16
	maxDomains  = 32

	minMTU = 1280 // RFC 8200 5
	maxMTU = 1500 // what a virtual hub carries

	warnPause = time.Minute // between two warnings of a kind: any host can send advertisements

	twoHours = 2 * time.Hour // RFC 4862 5.5.3 e
)

// host is what router advertisements have announced.
type host struct {
	log *slog.Logger

	heard   time.Time // first valid advertisement; zero: none yet
	damaged pace.Seldom
	crowded pace.Seldom
	mtu     int

	admitted   admission
	hadDefault bool // there was a default router

	routers  table[netip.Addr, preference]
	prefixes table[netip.Prefix, struct{}]  // on the link
	addrs    table[netip.Prefix, time.Time] // prefixes to form an address in; value: preferred until
	from     table[routeKey, struct{}]      // which router named which of these
	routes   table[routeKey, preference]
	dns      table[netip.Addr, struct{}]
	domains  table[string, struct{}]
}

type routeKey struct {
	dst netip.Prefix
	via netip.Addr
}

func newHost(log *slog.Logger) host {
	h := host{log: log}
	h.from.max = maxRouters * maxAddrs
	h.routers.max, h.prefixes.max, h.addrs.max = maxRouters, maxPrefixes, maxAddrs
	h.routes.max, h.dns.max, h.domains.max = maxRoutes, maxDNS, maxDomains
	return h
}

// learn records what a says.
func (h *host) learn(a *advert, now time.Time) {
	if h.heard.IsZero() {
		h.heard = now
		h.log.Debug("IPv6 router heard", "router", a.router, "managed", a.managed, "other", a.other, "lifetime", a.life)
	}
	if a.damaged > 0 && h.damaged.Due(now, warnPause) {
		h.log.Warn("IPv6 router advertisement has damaged options, left out", "router", a.router, "count", a.damaged)
	}
	life, pref := a.life, a.pref
	for _, r := range a.routes {
		if r.dst.Bits() == 0 { // RFC 4191 3.1: stands for the default route of the header
			life, pref = r.life, r.pref
		}
	}
	full := !h.routers.set(a.router, pref, life, now)
	h.hadDefault = h.hadDefault || len(h.routers.rows) > 0
	if a.mtu >= minMTU && a.mtu <= maxMTU {
		h.mtu = a.mtu
	}
	for _, p := range a.prefixes {
		full = !h.learnPrefix(p, a.router, now) || full
	}
	for _, r := range a.routes {
		if r.dst.Bits() > 0 && routable(r.dst) {
			full = !h.routes.set(routeKey{r.dst, a.router}, r.pref, r.life, now) || full
		}
	}
	for _, d := range a.dns {
		if usableDNS(d.addr) {
			full = !h.dns.set(d.addr, struct{}{}, d.life, now) || full
		}
	}
	for _, d := range a.domains {
		full = !h.domains.set(d.name, struct{}{}, d.life, now) || full
	}
	if full && h.crowded.Due(now, warnPause) {
		h.log.Warn("IPv6 routers advertise more than is kept, the rest is ignored", "router", a.router)
	}
}

// learnPrefix reports false if there is no room for it.
func (h *host) learnPrefix(p prefixInfo, router netip.Addr, now time.Time) bool {
	if !routable(p.prefix) || p.prefix.Bits() == 0 {
		return true
	}
	ok := true
	if p.onLink {
		ok = h.prefixes.set(p.prefix, struct{}{}, p.valid, now)
	}
	if !p.auto || p.prefix.Bits() != 64 { // RFC 4862 5.5.3 d: identifiers have 64 bits
		return ok
	}
	key := p.prefix.Masked()
	valid := p.valid
	if old, known := h.addrs.get(key); known {
		// Protection against forged withdrawals, RFC 4862 5.5.3 e.
		switch rest := left(old.until, now); {
		case valid > twoHours || valid > rest:
		case rest <= twoHours:
			valid = rest
		default:
			valid = twoHours
		}
	}
	return h.addrs.set(key, now.Add(min(p.preferred, valid, farAway)), valid, now) &&
		h.from.set(routeKey{key, router}, struct{}{}, p.valid, now) && ok
}

// farAway is longer than any session, yet short enough to be added to a time.
const farAway = 100 * 365 * 24 * time.Hour

// expire drops what has expired.
func (h *host) expire(now time.Time) {
	h.routers.expire(now)
	h.prefixes.expire(now)
	h.addrs.expire(now)
	h.from.expire(now)
	h.routes.expire(now)
	h.dns.expire(now)
	h.domains.expire(now)
}

// next returns the time until something expires.
func (h *host) next(now time.Time) time.Duration {
	d := min(h.routers.next(now), h.prefixes.next(now), h.addrs.next(now), h.from.next(now),
		h.routes.next(now), h.dns.next(now), h.domains.next(now))
	for _, a := range h.addrs.rows {
		if l := left(a.value, now); l > 0 {
			d = min(d, l)
		}
	}
	return d
}

// routable reports whether p may be a prefix on the link or the destination of a route: not in loopback,
// IPv4-mapped, link-local or multicast space.
func routable(p netip.Prefix) bool {
	a := p.Addr()
	return !a.IsLinkLocalUnicast() && !a.IsMulticast() && !a.Is4In6() && (!a.IsUnspecified() && !a.IsLoopback() || p.Bits() < 64)
}

// usableHost reports whether a can be the address of a single host.
func usableHost(a netip.Addr) bool {
	return a.Is6() && !a.Is4In6() && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast()
}

// usableDNS accepts link-local servers as well (RFC 8106 5.1).
func usableDNS(a netip.Addr) bool {
	return usableHost(a) || a.Is6() && a.IsLinkLocalUnicast()
}
