// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
	"testing/synctest"

	"network-manager-softether/internal/bubbletest"
)

func TestWhatASessionTellsReachesTheLoopInOrder(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		c := &connection{inbox: make(chan func()), gone: make(chan struct{})}
		var got, want []int
		for i := range 1000 { // while the loop is busy
			want = append(want, i)
			c.postLater(func() { got = append(got, i) })
		}
		for range want {
			(<-c.inbox)()
		}
		if !slices.Equal(got, want) {
			t.Errorf("the loop got %v", got)
		}
		c.postLater(func() { got = nil }) // the queue was empty meanwhile
		(<-c.inbox)()
		if got != nil {
			t.Error("nothing arrives after the first backlog")
		}
		c.postLater(func() { t.Error("run after the end") })
		close(c.gone)
		synctest.Wait() // no goroutine is left behind, or the bubble says so
	})
}
