// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoKnocksInVainKnocksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		k := new(knocks)
		try := func(answer bool) time.Duration {
			bounded, answered := k.bound(ctx)
			end, _ := bounded.Deadline()
			defer answered(answer)
			return time.Until(end)
		}
		var got []time.Duration
		for _, answer := range []bool{false, false, false, false, false, false, false, true, false, true, false, false} {
			got = append(got, try(answer))
		}
		short, long := knockMost, time.Minute
		if want := []time.Duration{short, short, short, short, short, long, short, short, short, short, short, short}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		before := k.vain.Load()
		cancel() // whoever is called away says nothing about who would have answered
		for range slowTurn {
			try(false)
		}
		if n := k.vain.Load(); n != before {
			t.Errorf("%d attempts in vain are counted, before it was %d", n, before)
		}
	})
}
