// SPDX-License-Identifier: Apache-2.0

package pace

import (
	"testing"
	"time"
)

func TestJitter(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 1000 {
		d := Jitter(time.Second)
		if d < 900*time.Millisecond || d > 1100*time.Millisecond {
			t.Fatalf("%v", d)
		}
		seen[d] = true
	}
	if len(seen) < 100 {
		t.Errorf("only %d values", len(seen))
	}
}

func TestDouble(t *testing.T) {
	if Double(time.Second, time.Minute) != 2*time.Second || Double(40*time.Second, time.Minute) != time.Minute {
		t.Error("wrong")
	}
}

func TestSeldom(t *testing.T) {
	now := time.Now()
	var s Seldom
	for _, tc := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {0, false}, {999 * time.Millisecond, false}, {time.Second, true}, {time.Second, false}, {2 * time.Second, true}} {
		if got := s.Due(now.Add(tc.after), time.Second); got != tc.want {
			t.Errorf("after %v: %v, want %v", tc.after, got, tc.want)
		}
	}
}
