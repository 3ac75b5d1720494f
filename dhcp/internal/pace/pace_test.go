// SPDX-License-Identifier: Apache-2.0

package pace

import (
	"testing"
	"time"
	"unsafe"
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

// asleep returns t as it would be if the monotonic clock had stood still for d of
// the time that the wall clock counted. Nothing in package time makes such a value,
// so it reaches into the second word of a Time, the monotonic reading.
func asleep(t *testing.T, now time.Time, d time.Duration) time.Time {
	t.Helper()
	after := now
	(*[2]int64)(unsafe.Pointer(&after))[1] -= int64(d)
	if after.Sub(now) != -d || after.Round(0).Sub(now.Round(0)) != 0 {
		t.Fatal("package time keeps its clocks elsewhere now")
	}
	return after
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

func TestLeft(t *testing.T) {
	now := time.Now()
	for name, tc := range map[string]struct {
		deadline, now time.Time
		want          time.Duration
	}{
		"ahead":          {now.Add(time.Hour), now, time.Hour},
		"passed":         {now.Add(-time.Hour), now, -time.Hour},
		"slept":          {now.Add(time.Hour), asleep(t, now.Add(3*time.Hour), 2*time.Hour+30*time.Minute), -2 * time.Hour},
		"clock set back": {now.Add(time.Hour), asleep(t, now, -30*time.Minute), 30 * time.Minute},
	} {
		if got := Left(tc.deadline, tc.now); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
