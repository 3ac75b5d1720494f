// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
	"time"

	"network-manager-softether/lab/plan"
)

// The better of two networks shows its login page, as when what somebody has paid for is used up: it has an address, a
// route, and a server that is not theirs.
func TestALoginPageIsInTheWay(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.both(false)
	w.up(w.persistent())
	w.standsOn(plan.Bases[0], 5*time.Second)
	b := w.beats()
	end := w.streamsMeanwhile()
	secret := w.private(true)
	paid, err := w.LoginPage(w.ctx, plan.Bases[0])
	w.ok(err)
	w.standsOn(plan.Bases[1], 20*time.Second)
	b.fresh()
	time.Sleep(8 * time.Second) // it is tried again and again meanwhile
	t.Logf("beside the page: longest gap %v", b.gap())
	w.standsOn(plan.Bases[1], time.Second)
	w.ok(paid())
	w.standsOn(plan.Bases[0], time.Minute+30*time.Second)
	w.on("office", plan.Bases[0])
	b.stop()
	end()
	secret()
	w.down("office")
}
