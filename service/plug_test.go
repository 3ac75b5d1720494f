// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

// sendingSession tells how many frames it is given.
type sendingSession struct {
	*fakeSession
	sent chan int
}

func (s sendingSession) Send(b *frame.Batch) error {
	s.sent <- b.Len()
	return nil
}

// A cancelled attempt may have its session in the tunnel for a moment, and end when the next one is there already.
func TestASessionThatEndsLeavesTheNextOneInTheTunnel(t *testing.T) {
	dev := fakeTAP{Device: tapbridgetest.NewDevice(4)}
	tun := &tunnel{tap: dev, log: slog.New(slog.DiscardHandler), bridge: tapbridge.New(dev, slog.New(slog.DiscardHandler))}
	defer tun.close()
	before, next := &fakeSession{done: make(chan struct{})}, sendingSession{&fakeSession{done: make(chan struct{})}, make(chan int, 1)}
	tun.plug(before)
	tun.plug(next)
	(&live{session: before}).drop(tun)
	if before.Err() != protocol.ErrClosed {
		t.Errorf("the former session ended with: %v", before.Err())
	}
	dev.Send(make([]byte, frame.HeaderLen+46))
	select {
	case <-next.sent:
	case <-time.After(30 * time.Second):
		t.Error("the tunnel leads nowhere")
	}
	(&live{session: next}).drop(tun)
	if tun.plugged != nil {
		t.Error("a closed session is still in the tunnel")
	}
}
