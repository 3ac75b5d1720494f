// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"time"
)

// Routers of several providers drop what has an address of another one's prefix as its
// source, and there is one default route. So new connections use the addresses of the router
// that it leads to (RFC 6724 5, rule 5.5; RFC 8028 3.2): the others are deprecated, by which
// a kernel knows them, while connections that are open may go on. Unique local addresses,
// and those of a router that is no default router, are never another provider's.

// defaultRouter returns the one that claims most for itself, of several the first heard.
func (h *host) defaultRouter() (router netip.Addr) {
	best := low - 1
	for _, r := range h.routers.rows {
		if r.value > best {
			router, best = r.key, r.value
		}
	}
	return router
}

// deprecated reports whether the address of a prefix is for connections that are open alone.
func (h *host) deprecated(r row[netip.Prefix, time.Time], now time.Time) bool {
	return left(r.value, now) <= 0 || h.astray(r.key, now)
}

// astray reports whether packets from that prefix would go to a router that does not know it,
// while there are better ones.
func (h *host) astray(prefix netip.Prefix, now time.Time) bool {
	router := h.defaultRouter()
	if !router.IsValid() || prefix.Addr().IsPrivate() {
		return false
	}
	elsewhere := false
	for _, f := range h.from.rows {
		if f.key.dst != prefix {
			continue
		}
		if f.key.via == router {
			return false
		}
		if _, routes := h.routers.get(f.key.via); routes {
			elsewhere = true
		}
	}
	if !elsewhere {
		return false
	}
	for _, r := range h.addrs.rows {
		if _, own := h.from.get(routeKey{r.key, router}); own && !r.key.Addr().IsPrivate() && left(r.value, now) > 0 {
			return true
		}
	}
	return false
}
