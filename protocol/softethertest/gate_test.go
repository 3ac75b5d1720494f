// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"testing"
	"time"
)

func TestTheGateClosesForAFlood(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	var g gate
	start := time.Now()
	for _, tt := range []struct {
		name    string
		from    string
		at      time.Duration
		conns   int
		accepts int // asked for
		admits  int
	}{
		{"sixteen at once", "a", 0, 0, 16, 16},
		{"somebody else", "b", 0, 0, 1, 1},
		{"the seventeenth", "a", ms(1), 0, 1, 0},
		{"too soon: the memory grows", "a", ms(400), 0, 1, 0},
		{"and is a second at most", "a", ms(1300), 0, 1, 0},
		{"after a second of peace", "a", ms(2301), 0, 1, 1},
		{"256 there already", "a", ms(9000), 256, 1, 0},
		{"255 there", "a", ms(9000), 255, 1, 1},
	} {
		n := 0
		for range tt.accepts {
			if g.admits(tt.from, tt.conns, start.Add(tt.at)) {
				n++
			}
		}
		if n != tt.admits {
			t.Errorf("%s: %d of %d admitted, want %d", tt.name, n, tt.accepts, tt.admits)
		}
	}
}

func TestTheGateClosesAfterFailedHandshakes(t *testing.T) {
	var g gate
	now := time.Now()
	for i := range 61 {
		if !g.admits("a", 0, now.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("closed after %d failures", i)
		}
		g.failed("a", now.Add(time.Duration(i)*time.Second))
	}
	for _, tt := range []struct {
		after time.Duration
		from  string
		want  bool
	}{{2 * time.Minute, "a", false}, {2 * time.Minute, "b", true}, {10 * time.Minute, "a", false}, {11*time.Minute + time.Second, "a", true}} {
		if got := g.admits(tt.from, 0, now.Add(tt.after)); got != tt.want {
			t.Errorf("%s after %v: admitted %v, want %v", tt.from, tt.after, got, tt.want)
		}
	}
}
