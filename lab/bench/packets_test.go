// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"math"
	"net/netip"
	"testing"
	"time"
)

// loopback is a place that is both ends.
type loopback struct{}

func (loopback) Do(f func() error) error { return f() }

// network loses everything above a limit, and has a sender that does not get beyond another one.
func network(limit, sender float64, tries *int) func(rate float64) (trial, error) {
	return func(rate float64) (trial, error) {
		*tries++
		rate = min(rate, sender)
		t := trial{sent: int(rate), arrived: int(min(rate, limit)), rate: rate, took: time.Second}
		return t, nil
	}
}

func TestSearchFindsTheHighestRateWithoutLoss(t *testing.T) {
	for _, tt := range []struct {
		name                string
		limit, sender, want float64
	}{
		{"fast", 300_000, math.Inf(1), 300_000},
		{"slow", 9_000, math.Inf(1), 9_000},
		{"the sender is slower", 300_000, 100_000, 100_000},
		{"the sender is a little faster", 90_000, 100_000, 90_000},
	} {
		tries := 0
		got, err := search(network(tt.limit, tt.sender, &tries))
		if err != nil || got < 0.9*tt.want || got > tt.want/(1-lossLimit) {
			t.Errorf("%s: %v, %v, want %v or a little less", tt.name, got, err, tt.want)
		}
		if tries > 20 {
			t.Errorf("%s: %d tries", tt.name, tries)
		}
	}
}

func TestSearchEndsWhereNothingArrives(t *testing.T) {
	tries := 0
	if got, err := search(network(0, math.Inf(1), &tries)); err != nil || got != slowest {
		t.Errorf("%v, %v, want %v", got, err, slowest)
	}
	broken := errors.New("broken")
	if _, err := search(func(float64) (trial, error) { return trial{}, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want what the sender says", err)
	}
}

func TestAFloodArrivesInAllItsFlows(t *testing.T) {
	for _, flows := range []int{1, 100} {
		f, err := newFlood(t.Context(), loopback{}, loopback{}, netip.MustParseAddr("127.0.0.1"), 64, flows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.run(t.Context(), 5000, 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if got.sent < 100 || got.sent > 1000 || got.arrived != got.sent {
			t.Errorf("%d flows: %d sent and %d arrived, of at most 1000", flows, got.sent, got.arrived)
		}
		if err := f.close(); err != nil {
			t.Error(err)
		}
	}
}
