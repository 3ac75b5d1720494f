// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/netip"
	"strings"

	"network-manager-softether/lab/plan"
)

// private sends what nobody outside of the tunnel is to see until the returned function is called, which fails the
// test if anybody could: on a base, there was a packet for others than the VPN server. What the office's addresses get is
// private in any tunnel, and in a full one everything is.
func (w *world) private(full bool) (end func()) {
	w.t.Helper()
	seen := w.watchesBases()
	addrs := []netip.Addr{plan.OfficeInner}
	if full {
		addrs = append(addrs, elsewhere4, elsewhere6, plan.EverywhereWeb)
	}
	stop := w.keepsWhispering(addrs...)
	return func() {
		w.t.Helper()
		stop()
		for what, n := range seen.left(findsServer) {
			office := strings.Contains(what, "to "+plan.OfficeInner.String()) || strings.Contains(what, "to "+plan.OfficeGateway.String())
			if (full || office) && !routersOwn(what) {
				w.t.Errorf("%d packets left in clear: %s", n, what)
			}
		}
	}
}

// routersOwn reports whether that is an ICMP error from the computer's kernel to the router of the link, which says
// nothing of the person.
func routersOwn(what string) bool {
	for _, b := range append(plan.Bases[:], plan.SlowBase) {
		for _, kind := range []string{b.Router.String() + ", protocol 1", b.Router6.String() + ", protocol 58"} {
			if strings.HasSuffix(what, "to "+kind) {
				return true
			}
		}
	}
	return false
}
