// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"testing"
	"time"
)

func TestChoose(t *testing.T) {
	const ms = time.Millisecond
	ok := func(at time.Duration) progress { return progress{succeeded, at} }
	no := func(at time.Duration) progress { return progress{failed, at} }
	open := progress{}
	for _, tt := range []struct {
		name string
		now  time.Duration
		race [ways]progress
		way  Way
		over bool
		wait time.Duration
	}{
		{"at the start", 0, [ways]progress{}, ways, false, forever},
		{"TCP wins", 50 * ms, [ways]progress{TCP: ok(50 * ms)}, TCP, true, 0},
		{"TCP wins, late", 300 * ms, [ways]progress{TCP: ok(300 * ms), UDP: ok(90 * ms), DNS: ok(110 * ms), ICMP: ok(210 * ms)}, TCP, true, 0},
		{"UDP waits for TCP 0.4 s at least", 90 * ms, [ways]progress{UDP: ok(90 * ms)}, ways, false, 400 * ms},
		{"and no longer", 400 * ms, [ways]progress{UDP: ok(90 * ms)}, UDP, true, 0},
		{"four times what it took itself", 200 * ms, [ways]progress{UDP: ok(200 * ms)}, ways, false, 800 * ms},
		{"at most 2.5 s more", 1500 * ms, [ways]progress{UDP: ok(1500 * ms)}, ways, false, 4000 * ms},
		{"then it is taken", 4000 * ms, [ways]progress{UDP: ok(1500 * ms)}, UDP, true, 0},
		{"UDP when TCP has failed", 90 * ms, [ways]progress{TCP: no(20 * ms), UDP: ok(90 * ms)}, UDP, true, 0},
		{"UDP before DNS and ICMP", 900 * ms, [ways]progress{TCP: no(20 * ms), UDP: ok(900 * ms), DNS: ok(110 * ms), ICMP: ok(210 * ms)}, UDP, true, 0},
		{"DNS waits for TCP and UDP", 110 * ms, [ways]progress{DNS: ok(110 * ms)}, ways, false, lastResort},
		{"DNS waits for UDP", 110 * ms, [ways]progress{TCP: no(20 * ms), DNS: ok(110 * ms)}, ways, false, lastResort},
		{"DNS waits for TCP", 110 * ms, [ways]progress{UDP: no(20 * ms), DNS: ok(110 * ms)}, ways, false, lastResort},
		{"but not for ever", lastResort, [ways]progress{DNS: ok(110 * ms)}, DNS, true, 0},
		{"DNS is what is left", 120 * ms, [ways]progress{TCP: no(20 * ms), UDP: no(40 * ms), DNS: ok(110 * ms)}, DNS, true, 0},
		{"DNS before ICMP", 300 * ms, [ways]progress{TCP: no(20 * ms), UDP: no(300 * ms), DNS: ok(210 * ms), ICMP: ok(201 * ms)}, DNS, true, 0},
		{"ICMP is what is left", 210 * ms, [ways]progress{TCP: no(20 * ms), UDP: no(40 * ms), ICMP: ok(210 * ms)}, ICMP, true, 0},
		{"DNS and ICMP get 5 s", 60 * ms, [ways]progress{TCP: no(20 * ms), UDP: no(40 * ms)}, ways, false, lastResort},
		{"and no more", lastResort, [ways]progress{TCP: no(20 * ms), UDP: no(40 * ms)}, ways, true, 0},
		{"all failed", 300 * ms, [ways]progress{no(20 * ms), no(40 * ms), no(120 * ms), no(300 * ms)}, ways, true, 0},
		{"only ICMP is tried, and works", 210 * ms, [ways]progress{no(0), no(0), no(0), ok(210 * ms)}, ICMP, true, 0},
		{"only TCP is tried", 6000 * ms, [ways]progress{open, no(0), no(0), no(0)}, ways, false, forever},
	} {
		t.Run(tt.name, func(t *testing.T) {
			way, over, wait := choose(tt.now, &tt.race)
			if way != tt.way || over != tt.over || wait != tt.wait {
				t.Errorf("got %v, over %v, wait until %v; want %v, %v, %v", way, over, wait, tt.way, tt.over, tt.wait)
			}
		})
	}
}

// Every race ends: after the last result, or at the time that was waited for.
func TestEveryRaceEnds(t *testing.T) {
	times := []time.Duration{0, 1, 399, 400, 401, 2600, 4999, 5000, 60_000}
	for n := range 3 * 3 * 3 * 3 * len(times) {
		var race [ways]progress
		i := n / len(times)
		now := times[n%len(times)] * time.Millisecond
		won := false
		for w := range race {
			race[w] = progress{state: outcome(i % 3), at: min(now, 100*time.Millisecond)}
			won = won || race[w].state == succeeded
			i /= 3
		}
		way, over, wait := choose(now, &race)
		switch {
		case over && way < ways && race[way].state != succeeded:
			t.Errorf("%v at %v: takes %v, which has not succeeded", race, now, way)
		case !over && wait <= now:
			t.Errorf("%v at %v: waits until %v", race, now, wait)
		case !over && won:
			if way, over, _ = choose(wait, &race); !over || way == ways {
				t.Errorf("%v: having waited until %v it takes %v", race, wait, way)
			}
		}
	}
}
