// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

func TestTimeThatPassesUnseen(t *testing.T) {
	const last = 100 * time.Hour
	for name, tt := range map[string]struct{ now, want time.Duration }{
		"as usual":                            {last + pulseRate, 0},
		"a busy computer":                     {last + pulseRate + time.Second, time.Second},
		"asleep, or frozen":                   {last + time.Hour, time.Hour - pulseRate},
		"a pulse that has begun a moment ago": {last, -pulseRate},
	} {
		if got := unseen(last, tt.now); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// The kernel says how long ago it was started, and counts sleep.
func TestTheClockIsTheTimeSinceTheComputerWasStarted(t *testing.T) {
	b, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	var seconds float64
	if _, err := fmt.Sscan(string(b), &seconds); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	uptime := time.Duration(seconds * float64(time.Second)).Round(10 * time.Millisecond)
	if now := sinceBoot(); now < uptime-10*time.Millisecond || now > uptime+time.Minute {
		t.Errorf("the clock is %v, a moment after %v", now, uptime)
	}
}

// sleeper has the clock of a stage go on while no timer does. It counts how often the clock is read.
type sleeper struct {
	began        time.Time
	slept, looks atomic.Int64
}

func (s *sleeper) clock() time.Duration {
	s.looks.Add(1)
	return time.Since(s.began) + time.Duration(s.slept.Load())
}

func (s *sleeper) sleep(d time.Duration) { s.slept.Add(int64(d)) }

// asleepOnGround is onGround with such a clock.
func asleepOnGround(t *testing.T) (*groundStage, *sleeper) {
	t.Helper()
	st, s := onGround(t, true), &sleeper{began: time.Now()}
	st.call(func() error {
		st.system.clock = s.clock
		st.beat()
		return nil
	})
	return st, s
}

func TestASessionShowsThatItLivesAfterTimeUnseen(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st, clock := asleepOnGround(t)
		wait(10 * pulseRate)
		st.moved(t)
		clock.sleep(pulseRate / 2)
		wait(2 * pulseRate)
		st.moved(t)
		clock.sleep(time.Minute)
		wait(pulseRate)
		st.moved(t, true)
		st.event(protocol.Moved{Addr: serverAddr})
		wait(2 * pulseRate)
		st.moved(t)

		clock.sleep(time.Minute)
		wait(pulseRate)
		st.moved(t, true)
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.moved(t, false) // nobody waits for connections that may be dead
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.moved(t)
		st.base(t, "eth0")
		st.expect(t)
		st.Disconnect()
	})
}

func TestClocksAreLookedAtOnlyWhileThereIsASessionAndABase(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st, clock := asleepOnGround(t)
		quiet := func() {
			t.Helper()
			before := clock.looks.Load()
			wait(time.Hour)
			if n := clock.looks.Load() - before; n > 0 {
				t.Errorf("%d looks", n)
			}
		}
		st.becomes(without(wifi), without(eth))
		wait(pulseRate)
		quiet()
		clock.sleep(time.Hour)
		st.becomes(without(wifi))
		st.moved(t, false, false) // lost, and there again
		wait(2 * pulseRate)
		st.moved(t) // what was slept before counts no more
		before := clock.looks.Load()
		wait(100 * pulseRate)
		if n := clock.looks.Load() - before; n != 100 {
			t.Errorf("%d looks in a hundred pulses", n)
		}
		st.Disconnect()
		quiet()
	})
}

// The timer of a lease stands still while the computer sleeps.
func TestALeaseThatEndsInSleepIsNotUsedAfterwards(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st, clock := asleepOnGround(t)
		lease := &dhcp.Lease{Addr: netip.MustParsePrefix("10.66.0.10/24"), Duration: time.Hour, Acquired: time.Now()}
		st.call(func() error {
			st.profile.IPv4.Auto = true
			st.leaseFound(st.attempts.era, lease)
			return nil
		})
		wait(time.Minute)
		has := func() (has bool) {
			st.call(func() error { has = st.inner.lease != nil; return nil })
			return has
		}
		if !has() {
			t.Fatal("there is no lease")
		}
		st.call(func() error { // two hours are gone for Left, and no timer knows of it
			lease.Acquired = lease.Acquired.Add(-2 * time.Hour)
			return nil
		})
		clock.sleep(2 * time.Hour)
		wait(pulseRate)
		if has() {
			t.Error("the lease is in use")
		}
		if heard := st.nm.take(); slices.ContainsFunc(heard, func(s string) bool { return s == "state stopped" }) {
			t.Errorf("the connection has ended: %q", heard)
		}
		st.Disconnect()
	})
}

// A server that still counts dead connections accepts none beside the live ones.
func TestAServerThatTakesNoFurtherConnectionStrandsNoneThatLives(t *testing.T) {
	for name, tt := range map[string]struct {
		quiet time.Duration // at the time of the first silence
		alive bool          // the connections may be
	}{
		"heard since":     {quiet: 4 * time.Second, alive: true},
		"not heard since": {quiet: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st, clock := asleepOnGround(t)
				wait(time.Minute)
				st.becomes(without(wifi)) // nowhere else to go
				clock.sleep(time.Minute)
				wait(pulseRate)
				st.moved(t, true)
				st.event(protocol.Stayed{Err: refused(protocol.CodeTooManyConnections)})
				st.moved(t)
				wait(2 * pulseRate)
				st.event(protocol.Silent{After: tt.quiet})
				st.moved(t, tt.alive)
				st.event(protocol.Reattached{Addr: serverAddr})
				st.event(protocol.Silent{After: time.Hour})
				st.moved(t, true)
				st.Disconnect()
			})
		})
	}
}

func TestASessionThatTheServerForgotInSleepIsReplacedAtOnce(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st, clock := asleepOnGround(t)
		clock.sleep(time.Hour)
		wait(pulseRate)
		st.moved(t, true)
		st.event(protocol.Stayed{Err: refused(protocol.CodeSessionTimeout)})
		wait(2 * shortestPause)
		if n := len(st.dialled); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
		clock.sleep(time.Hour)
		wait(pulseRate)
		st.moved(t, true) // the numbers of the new session begin anew
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.moved(t, false)
		st.Disconnect()
	})
}

// The kernel's addresses are corrected as soon as time unseen is noticed, and when logind says that the computer is awake.
func TestAddressesAreCorrectedAfterTimeUnseen(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st, clock := asleepOnGround(t)
		var looks atomic.Int64
		st.call(func() error {
			k := newKernel6(st.log, false)
			k.list = func() ([]kernelAddr, error) { looks.Add(1); return nil, nil }
			k.stop = func() {}
			st.tunnel.kernel6 = k
			return nil
		})
		wait(10 * pulseRate)
		if n := looks.Load(); n != 0 {
			t.Errorf("%d looks at the kernel's addresses without a reason", n)
		}
		clock.sleep(time.Hour)
		wait(2 * pulseRate)
		if n := looks.Load(); n != 1 {
			t.Errorf("%d looks at the kernel's addresses after time unseen, want 1", n)
		}
		st.sleep(false, func() {})
		wait(0)
		if n := looks.Load(); n != 2 {
			t.Errorf("%d looks at the kernel's addresses after logind's word, want 2", n)
		}
		st.Disconnect()
	})
}
