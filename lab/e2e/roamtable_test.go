// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A kind of move, for a desktop with our service and for a computer with the official client.
type move struct {
	name     string
	prepare  func(w *world)
	ours     func(w *world)
	official func(w *world, o *softether.Official)
}

var moves = []move{
	{
		"a better network comes up",
		func(*world) {},
		func(w *world) { w.both(true) },
		func(w *world, o *softether.Official) { w.ok(o.PreferSecondCable(w.ctx)) },
	},
	{
		"the network is disconnected",
		func(w *world) { w.both(false) },
		func(w *world) { w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile)) },
		func(w *world, o *softether.Official) { w.ok(o.SetLink(softether.OfficialCables[0].Device, false)) },
	},
	{
		"the cable is pulled",
		func(w *world) { w.both(false) },
		func(w *world) { w.ok(w.Internet.SetLink(wan0, false)) },
		func(w *world, o *softether.Official) {
			// Without NetworkManager nobody takes the route of a cable without carrier away.
			w.ok(w.Internet.SetLink(softether.OfficialCables[0].Far, false))
			w.ok(o.PreferSecondCable(w.ctx))
		},
	},
}

// The table of roaming: what a move costs, with our client and with the official one. It is to be read; what has to hold
// is that ours is not the worse one by far.
func TestRoamingBesideTheOfficialClient(t *testing.T) {
	lines := make([]string, len(moves))
	t.Run("moves", func(t *testing.T) {
		for i, m := range moves {
			t.Run(m.name, func(t *testing.T) {
				w := freshNetwork(t)
				m.prepare(w)
				w.farAway()
				gap, lost := w.roams(m)
				theirs, theirLost := w.officialRoams(m)
				lines[i] = fmt.Sprintf("%-28s %12v %6d %16v %6d", m.name, gap.Round(time.Millisecond), lost, theirs.Round(time.Millisecond), theirLost)
				if gap > theirs+5*time.Second {
					t.Errorf("nothing passed for %v, and with the official client for %v", gap, theirs)
				}
			})
		}
	})
	t.Logf("a datagram each %v, the longest time without one and how many were lost:\n%-28s %12s %6s %16s %6s\n%s",
		beatEvery, "move", "ours", "lost", "official client", "lost", strings.Join(lines, "\n"))
}

func (w *world) roams(m move) (gap time.Duration, lost int) {
	w.t.Helper()
	w.up(w.persistent())
	w.standsOn(plan.Bases[0], 5*time.Second)
	b := w.beats()
	m.ours(w)
	w.standsOn(plan.Bases[1], 20*time.Second)
	gap, lost = b.gap(), b.stop()
	w.ok(w.Desktop.Down(w.ctx, "office"))
	return gap, lost
}

func (w *world) officialRoams(m move) (gap time.Duration, lost int) {
	w.t.Helper()
	o, err := w.NewOfficial(w.ctx)
	w.ok(err)
	w.ok(o.SecondCable(w.ctx))
	_, err = w.Internet.Must(w.ctx, "ip", "route", "add", "10.83.0.0/24", "dev", "void", "metric", "9999")
	w.ok(err)
	w.ok(o.Up(w.ctx, softether.OfficialAccount{NoUDP: true}))
	b := w.beatsFrom(o.Host)
	m.official(w, o)
	time.Sleep(3 * time.Second) // it notices late
	return b.gap(), b.stop()
}
