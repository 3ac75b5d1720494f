// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/strict/guard"
)

// A keeper makes strict mode follow the profiles: whoever chooses on a settings page that traffic outside a
// VPN is blocked need not do more. What is to be done is decided from NetworkManager's state, each time anew,
// so it does not matter which change was missed, or whether another program has acted meanwhile.
type keeper struct {
	guards  guards
	desktop notifications
	changed chan struct{} // something has changed; capacity 1
	network chan struct{} // names may resolve now that did not before; capacity 1
	tries   map[string]*try
}

// guards is NetworkManager's side, replaced in tests.
type guards interface {
	Steps(context.Context) ([]guard.Step, error)
	Do(context.Context, guard.Step) error
}

// A try is what is known about a step that has not succeeded.
type try struct {
	step  guard.Step
	fails int
	next  time.Time
	told  string // what is on the screen about it
	shown uint32
}

const (
	settle                = 500 * time.Millisecond // of silence, as programs change several things in a row
	restless              = 5 * time.Second        // the longest wait for silence
	grace                 = 4 * time.Minute        // for somebody in the middle of a change, who may be typing a password
	firstRetry, lastRetry = 30 * time.Second, 30 * time.Minute
	passLimit             = 5 * time.Minute
)

func newKeeper(g guards, d notifications) *keeper {
	return &keeper{guards: g, desktop: d, changed: make(chan struct{}, 1), network: make(chan struct{}, 1), tries: map[string]*try{}}
}

// wake tells that something has changed. It does not block.
func (k *keeper) wake() { poke(k.changed) }

// connected tells that a network or a VPN has come up.
func (k *keeper) connected() { poke(k.network) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run works until ctx ends, in a goroutine of its own: calls to NetworkManager take time.
func (k *keeper) run(ctx context.Context) {
	k.wake()
	retry := time.NewTimer(0)
	defer retry.Stop()
	retry.Stop()
	for {
		select {
		case <-k.changed:
			if !k.silence(ctx) {
				return
			}
		case <-k.network:
			if !k.again() {
				continue
			}
			if !k.silence(ctx) {
				return
			}
		case <-retry.C:
		case <-ctx.Done():
			return
		}
		if next := k.pass(ctx); !next.IsZero() {
			retry.Reset(max(time.Until(next), settle))
		} else {
			retry.Stop()
		}
	}
}

// again makes due what has failed, and reports whether there is anything. A person who may not change a
// connection still may not, but is not asked for anything.
func (k *keeper) again() (any bool) {
	for _, t := range k.tries {
		if t.fails > 0 {
			t.next, any = time.Now(), true
		}
	}
	return any
}

// silence waits until nothing has changed for a while.
func (k *keeper) silence(ctx context.Context) bool {
	end := time.Now().Add(restless)
	for {
		select {
		case <-k.changed:
			if time.Now().After(end) {
				return true
			}
		case <-time.After(settle):
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// pass does what is due and returns when to look again, zero if there is nothing to wait for.
func (k *keeper) pass(ctx context.Context) (next time.Time) {
	ctx, cancel := context.WithTimeout(ctx, passLimit)
	defer cancel()
	steps, err := k.guards.Steps(ctx)
	if err != nil { // no NetworkManager; its arrival will be noticed
		if len(k.tries) > 0 {
			next = time.Now().Add(firstRetry)
		}
		return next
	}
	open := make(map[string]*try, len(steps))
	for _, step := range steps {
		t := k.tries[step.UUID]
		if t == nil {
			t = &try{}
		}
		if t.step != step {
			t.step, t.fails, t.next = step, 0, time.Now()
			if step.Action == guard.Settle {
				t.next = t.next.Add(grace)
			}
		}
		open[step.UUID] = t
		if !time.Now().Before(t.next) {
			if err := k.guards.Do(ctx, step); err == nil {
				k.close(t)
				delete(open, step.UUID)
				continue
			} else if ctx.Err() == nil {
				k.failed(t, err)
			}
			t.next = time.Now().Add(min(firstRetry<<min(t.fails, 10), lastRetry))
			t.fails++
		}
		if next.IsZero() || t.next.Before(next) {
			next = t.next
		}
	}
	for uuid, t := range k.tries {
		if open[uuid] == nil {
			k.close(t)
		}
	}
	k.tries = open
	return next
}

// failed tells the person, once for each reason.
func (k *keeper) failed(t *try, err error) {
	if t.step.Action == guard.Renew || t.told == err.Error() { // what concerns no profile of theirs is for the log
		fmt.Fprintf(os.Stderr, "%s: strict mode: %v\n", program, err)
		return
	}
	t.told = err.Error()
	id, errShow := k.desktop.Show(wordsOf(t.step, err), t.shown)
	if errShow != nil {
		fmt.Fprintf(os.Stderr, "%s: strict mode: %v (no notification shown: %v)\n", program, err, errShow)
		return
	}
	t.shown = id
}

func (k *keeper) close(t *try) {
	if t.shown != 0 {
		k.desktop.Close(t.shown)
		t.shown = 0
	}
}

// wordsOf makes sentences of a step that failed.
func wordsOf(step guard.Step, err error) notification {
	n := notification{icon: "network-error-symbolic", category: "network.error"}
	if step.Action == guard.Tell {
		n.title = po.T("Traffic outside VPNs is blocked.")
		n.body = po.F("It is blocked for a connection that has been deleted. To stop blocking, in a terminal: %s", "nm-softether-strict off "+step.UUID)
		return n
	}
	choice, command := po.T("According to the routes"), "off"
	switch step.Key {
	case profile.StrictYes:
		choice, command = po.T("Blocked"), "on"
	case profile.StrictAllowLAN:
		choice, command = po.T("Blocked, except in the local network"), "on --allow-lan"
	}
	n.title = shown(step.Name) + ": " + po.T("Traffic outside the VPN")
	n.body = po.F("The choice “%s” is not in force: %v. To try again in a terminal: %s", choice, shown(err.Error()),
		"nm-softether-strict "+command+" "+profile.ShellName(step.Name, step.UUID))
	return n
}

// overBus are the guards of NetworkManager on the system bus.
type overBus struct{ conn *dbus.Conn }

func (b overBus) Steps(ctx context.Context) ([]guard.Step, error) {
	s, err := guard.Over(ctx, b.conn).Read()
	return s.Steps(), err
}

func (b overBus) Do(ctx context.Context, step guard.Step) error {
	return guard.Over(ctx, b.conn).Do(step)
}
