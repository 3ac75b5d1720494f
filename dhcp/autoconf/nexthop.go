// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"time"
)

// Routers of different providers drop packets whose source is in another provider's prefix, and there is only
// one default route. So new connections use the addresses of the router that it leads to (RFC 6724 5, rule
// 5.5; RFC 8028 3.2). The others are deprecated, which tells a kernel not to use them except for connections
// that are already open. Unique local addresses, and those of a router that is not a default router, are
// never another provider's.

// defaultRouter returns the router with the highest preference, and of several the one heard first.
func (h *host) defaultRouter() (router netip.Addr) {
	best := low - 1
	for _, r := range h.routers.rows {
		if r.value > best {
			router, best = r.key, r.value
		}
	}
	return router
}

// deprecated reports whether the address in a prefix is for existing connections only.
func (h *host) deprecated(r row[netip.Prefix, time.Time], now time.Time) bool {
	return left(r.value, now) <= 0 || h.astray(r.key, now)
}

// astray reports whether packets from that prefix would go to a router that does not know it, although there
// are better ones.
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
