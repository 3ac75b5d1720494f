// SPDX-License-Identifier: Apache-2.0

package pace

import (
	"testing"
	"time"
	"unsafe"

	"network-manager-softether/internal/bubbletest"
)

// wallSet returns now as it would be if somebody had set the wall clock forward by d. Nothing in package time
// makes such a value, so it reaches into the second word of a Time, the monotonic reading.
func wallSet(t *testing.T, now time.Time, d time.Duration) time.Time {
	t.Helper()
	after := now.Add(d)
	(*[2]int64)(unsafe.Pointer(&after))[1] -= int64(d)
	if after.Sub(now) != 0 || after.Round(0).Sub(now.Round(0)) != d {
		t.Fatal("package time keeps its clocks elsewhere now")
	}
	return after
}

func TestLeft(t *testing.T) {
	now := Now()
	for name, tc := range map[string]struct {
		deadline, now time.Time
		want          time.Duration
	}{
		"ahead":                   {now.Add(time.Hour), now, time.Hour},
		"passed":                  {now.Add(-time.Hour), now, -time.Hour},
		"wall clock set forward":  {now.Add(time.Hour), wallSet(t, now.Add(time.Minute), 24*time.Hour), 59 * time.Minute},
		"wall clock set back":     {now.Add(time.Hour), wallSet(t, now.Add(time.Minute), -24*time.Hour), 59 * time.Minute},
		"set between, by minutes": {wallSet(t, now, 5*time.Minute).Add(time.Hour), now.Add(2 * time.Hour), -time.Hour},
	} {
		if got := Left(tc.deadline, tc.now); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestTimeSuspendedPasses(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		kernel, skewed := 100*time.Hour, false
		s := newSleeper(func() (time.Duration, bool) { return kernel, !skewed })
		deadline := time.Now().Add(s.slept()).Add(time.Hour)
		left := func() time.Duration { return Left(deadline, time.Now().Add(s.slept())) }
		for _, step := range []struct {
			name          string
			awake, asleep time.Duration
			skewed        bool
			want          time.Duration
		}{
			{"at once", 0, 0, false, time.Hour},
			{"awake", 10 * time.Minute, 0, false, 50 * time.Minute},
			{"asleep", 0, 20 * time.Minute, false, 30 * time.Minute},
			{"the clocks read a moment apart", 0, minSleep / 2, false, 30 * time.Minute},
			{"much later, as the computer was busy", 0, time.Second, true, 30 * time.Minute},
			{"read again", 0, -time.Second, false, 30 * time.Minute},
			{"past the end", time.Minute, time.Hour, false, -31 * time.Minute},
		} {
			time.Sleep(step.awake)
			kernel += step.asleep
			skewed = step.skewed
			if got := left().Round(time.Second); got != step.want {
				t.Errorf("%s: %v left, want %v", step.name, got, step.want)
			}
		}
	})
}

// Here nobody sleeps: the kernel's clocks go on like Go's.
func TestTheKernelsClocks(t *testing.T) {
	if d, ok := suspended(); ok && d < 0 {
		t.Errorf("suspended for %v", d)
	}
	before, began := Now(), time.Now()
	time.Sleep(20 * time.Millisecond)
	if d, real := Left(Now(), before), time.Since(began); d < 20*time.Millisecond || d > real+minSleep {
		t.Errorf("%v have passed, really %v", d, real)
	}
}
