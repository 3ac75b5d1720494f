// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"time"

	"network-manager-softether/dhcp/internal/pace"
	"network-manager-softether/dhcp/internal/packet"
)

// Any host in the hub can claim to be a router, even in the middle of a session, and would then have the
// default route and the name resolution of everybody who listens. So the routers of a session are those that
// answer at its beginning. A router that appears later is only accepted when none of them is left, with a
// warning; so is one of them whose hardware address changes.

// settling is how long others may still answer after the first router: a solicited router waits up to 0.5 s,
// and answers a group at most every 3 s (RFC 4861 6.2.6, MIN_DELAY_BETWEEN_RAS).
const settling = 4 * time.Second

// admission knows which routers are listened to.
type admission struct {
	routers map[netip.Addr]packet.MAC
	strange pace.Seldom
}

// admit reports whether an advertisement of that router is accepted. It must be called before learn.
func (h *host) admit(router netip.Addr, mac packet.MAC, now time.Time) bool {
	known, there := h.admitted.routers[router]
	switch {
	case there && known == mac:
		return true
	case !there && (h.heard.IsZero() || now.Sub(h.heard) <= settling):
	case len(h.routers.rows) == 0 && (h.hadDefault || len(h.addrs.rows) == 0):
		h.log.Warn("another IPv6 router takes the place of the one that is gone", "router", router, "mac", mac)
		h.admitted.routers = nil
	default:
		if h.admitted.strange.Due(now, warnPause) {
			h.log.Warn("IPv6 router advertisement ignored: its sender was not there at the start, and a router that was still is", "router", router, "mac", mac)
		}
		return false
	}
	if len(h.admitted.routers) >= maxRouters {
		return false
	}
	if h.admitted.routers == nil {
		h.admitted.routers = map[netip.Addr]packet.MAC{}
	}
	h.admitted.routers[router] = mac
	return true
}
