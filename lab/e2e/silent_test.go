// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// Nobody tells the computer that a base is dead: the session itself has to find out, and goes to the other one.
func TestTheNetworkDiesWithoutAWord(t *testing.T) {
	t.Parallel()
	rides(t, every, func(t *testing.T, r ride) {
		w := freshNetwork(t)
		w.verbose()
		w.both(false)
		w.up(r.of(w.persistent()))
		w.standsOn(plan.Bases[0], 5*time.Second)
		same := w.sameSession()
		mark := w.Desktop.NMLogMark()
		end := w.streamsMeanwhile()
		b := w.beats()
		secret := w.private(r.full)
		w.ok(w.Vanish(w.ctx, plan.Bases[0]))
		gap := b.gap()
		t.Logf("longest gap %v, %d lost", gap, b.stop())
		w.standsOn(plan.Bases[1], 5*time.Second)
		end()
		secret()
		if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "the server was silent over "+plan.Bases[0].Device) {
			t.Error("it did not move because of the silence")
		}
		same()
		w.down("office")
	})
}

// A third base is slow, loses packets and has a long queue, like a mobile network: the session goes there and comes back, and
// does not take it for dead.
func TestASlowNetwork(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	slow, err := w.AddSlowBase(w.ctx)
	w.ok(err)
	slow.Set(netns.Impairment{Delay: 150 * time.Millisecond, Loss: 0.02, Rate: 4e6, Queue: 300})
	w.up(w.persistent())
	w.standsOn(plan.Bases[0], 5*time.Second)
	same := w.sameSession()
	mark := w.Desktop.NMLogMark()
	b := w.beats()
	secret := w.private(true)
	w.joins(plan.SlowBase, true)
	w.standsOn(plan.SlowBase, 20*time.Second)
	t.Logf("to the slow base: longest gap %v", b.gap())
	end := w.streamsMeanwhile()
	time.Sleep(8 * time.Second) // four times what makes it look elsewhere
	w.standsOn(plan.SlowBase, 5*time.Second)
	if log := w.Desktop.VPNLog(mark); strings.Contains(log, "trying another network") {
		t.Error("it took the slow network for dead")
	}
	b.fresh()
	w.ok(w.Desktop.Down(w.ctx, plan.SlowBase.Profile))
	t.Logf("from the slow base, which goes: longest gap %v, %d lost", b.gap(), b.stop())
	w.on("office", plan.Bases[0])
	end()
	same()

	t.Log("the first base dies without a word, and the slow one is there")
	w.joins(plan.SlowBase, false)
	b = w.beats()
	w.ok(w.Vanish(w.ctx, plan.Bases[0]))
	gap := b.gap()
	t.Logf("longest gap %v, %d lost", gap, b.stop())
	// In the session, or in another one: the server may still count the connection that the slow base took along.
	w.standsOn(plan.SlowBase, 20*time.Second)
	secret()
	w.down("office")
}
