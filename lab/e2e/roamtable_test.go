// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

var everyMove = flag.Bool("every-move", false, "fill the table of roaming with all kinds of moves, which takes minutes")

// outageLimit is how long the table waits for traffic after a move.
const outageLimit = 60 * time.Second

// A passage is what a move has cost a client.
type passage struct {
	gap     time.Duration // the longest time without an echo, 0 if none came within outageLimit
	lost    int           // datagrams
	broken  error         // what became of the TCP connections, nil if every byte has arrived
	inClear int           // packets
}

func (p passage) String() string {
	gap := p.gap.Round(time.Millisecond).String()
	if p.gap == 0 {
		gap = fmt.Sprintf("none in %v", outageLimit)
	}
	stream := "whole"
	switch {
	case !*everyMove:
		stream = "-"
	case p.broken != nil:
		stream = "broken"
	}
	return fmt.Sprintf("%12s %6d %7s", gap, p.lost, stream)
}

// The table of roaming: what a move costs, with our client and with the official one. It is to be read; what has to hold
// is that ours is not the worse one by far, breaks no stream and lets nothing out in clear.
func TestRoamingBesideTheOfficialClient(t *testing.T) {
	t.Parallel()
	list := moves
	if *everyMove {
		list = append(list, moreMoves...)
	}
	lines := make([]string, len(list))
	t.Run("moves", func(t *testing.T) {
		for i, m := range list {
			t.Run(m.name, func(t *testing.T) {
				w := freshNetwork(t)
				var cancel context.CancelFunc
				w.ctx, cancel = context.WithTimeout(t.Context(), 3*perTest)
				defer cancel()
				m.prepare(w)
				w.farAway()
				ours := w.roams(m)
				if ours.inClear > 0 {
					t.Errorf("%d packets left in clear", ours.inClear)
				}
				official := "not measured"
				if m.official != nil {
					theirs := w.officialRoams(m)
					official = theirs.String()
					if theirs.gap > 0 && ours.gap > theirs.gap+5*time.Second {
						t.Errorf("nothing passed for %v, and with the official client for %v", ours.gap, theirs.gap)
					}
				}
				lines[i] = fmt.Sprintf("%-44s %s %8d   %s", m.name, ours, ours.inClear, official)
				t.Log(lines[i])
			})
		}
	})
	t.Logf("a datagram each %v, the longest time without one, how many were lost, and two TCP streams:\n%-44s %12s %6s %7s %8s   %12s %6s %7s\n%s",
		beatEvery, "move", "ours", "lost", "stream", "in clear", "official", "lost", "stream", strings.Join(lines, "\n"))
}

func (w *world) roams(m move) (p passage) {
	w.t.Helper()
	v := w.persistent()
	if m.profile != nil {
		m.profile(w, &v)
	}
	w.up(v)
	w.standsOn(plan.Bases[0], 5*time.Second)
	b := w.beats()
	end := w.streamsOf(w.Desktop.Host)
	secret := w.whispersToAll()
	m.ours(w)
	p.gap = b.gap()
	if m.onto != "" {
		w.eventually("the tunnel to stand on "+m.onto, 20*time.Second, func() error {
			res, err := w.Desktop.Must(w.ctx, "ss", "-Htn", "state", "established", "dport", "=", ":443")
			if err == nil && !strings.Contains(res, "%"+m.onto+":") {
				err = fmt.Errorf("its connections are\n%s", res)
			}
			return err
		})
		p.gap = max(p.gap, b.gap())
	}
	p.broken = end()
	p.lost = b.stop()
	p.inClear = secret() // reads on while anything passes
	if p.broken != nil {
		w.t.Errorf("the streams: %v", p.broken)
	}
	w.ok(w.Desktop.Down(w.ctx, "office"))
	return p
}

// whispersToAll sends what must stay in the tunnel, until the returned function is called, which counts the packets that
// left outside. Those that find the server's new address do not count.
func (w *world) whispersToAll() (end func() int) {
	w.t.Helper()
	seen := w.watchesBases()
	stop := w.keepsWhispering(plan.OfficeInner, elsewhere4, elsewhere6, plan.EverywhereWeb)
	return func() (n int) {
		w.t.Helper()
		stop()
		for what, packets := range seen.left(findsServer) {
			if !routersOwn(what) {
				w.t.Logf("%d packets left in clear: %s", packets, what)
				n += packets
			}
		}
		return n
	}
}

func (w *world) officialRoams(m move) (p passage) {
	w.t.Helper()
	o, err := w.NewOfficial(w.ctx)
	w.ok(err)
	w.ok(o.SecondCable(w.ctx))
	_, err = w.Internet.Must(w.ctx, "ip", "route", "add", "10.83.0.0/24", "dev", "void", "metric", "9999")
	w.ok(err)
	account := softether.OfficialAccount{NoUDP: true}
	if m.named != nil {
		account.Server = m.named(w, o)
	}
	w.ok(o.Up(w.ctx, account))
	b := w.beatsFrom(o.Host)
	end := w.streamsOf(o.Host)
	m.official(w, o)
	time.Sleep(3 * time.Second) // it notices late
	before := b.count()
	err = netns.Await(w.ctx, "echoes from the office", outageLimit, func() error {
		if b.count() < before+20 {
			return errors.New("none come")
		}
		return nil
	})
	if err == nil {
		p.gap = b.gap()
	}
	p.broken = end()
	p.lost = b.stop()
	return p
}

// streamsOf is streamsFrom where there is time to look at streams, which other tests do as well.
func (w *world) streamsOf(h *netns.Host) (end func() error) {
	w.t.Helper()
	if !*everyMove {
		return func() error { return nil }
	}
	return w.streamsFrom(h, 2*outageLimit) // TCP that could not send for a minute tries again after as long
}

// A move is for a desktop with our service and for a computer with the official client.
type move struct {
	name     string
	prepare  func(w *world)
	ours     func(w *world)
	official func(w *world, o *softether.Official)        // nil: not measured
	named    func(w *world, o *softether.Official) string // prepares the latter to go to the server by a name, which it returns
	onto     string                                       // the base that the tunnel then has to stand on, if not any
	profile  func(w *world, v *desktop.VPN)               // changes ours
}
