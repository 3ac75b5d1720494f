// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
)

// The default route of the base is as good as the tunnel's, or better: the kernel would send by it, or by both in turn.
func TestABaseContestsTheFullTunnel(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	base := plan.Bases[0]
	metric := func(m string) {
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", base.Profile, "ipv4.route-metric", m, "ipv6.route-metric", m)
		w.ok(err)
		_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", base.Device)
		w.ok(err)
	}
	outdone := func(want bool) {
		w.eventually(fmt.Sprintf("halves of a default route: %v", want), 20*time.Second, func() error {
			v4, err := w.Desktop.Must(w.ctx, "ip", "-4", "route", "show", "0.0.0.0/1")
			w.ok(err)
			v6, err := w.Desktop.Must(w.ctx, "ip", "-6", "route", "show", "::/1")
			w.ok(err)
			if strings.Contains(v4, "dev se") != want || strings.Contains(v6, "dev se") != want {
				return fmt.Errorf("the routes are %q and %q", v4, v6)
			}
			return nil
		})
	}
	metric("50")
	w.up(fullTunnel(w.persistent()))
	for _, m := range []string{"50", "10"} {
		metric(m)
		outdone(true)
		w.standsOn(base, 10*time.Second)
		secret := w.private(true)
		time.Sleep(2 * time.Second)
		secret()
		w.pings(plan.OfficeInner)
	}
	metric("100")
	outdone(false)
	secret := w.private(true)
	time.Sleep(time.Second)
	secret()
	w.down("office")
}
