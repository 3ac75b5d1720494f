// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"errors"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// TestAStuckSendDoesNotKeepConnectionsFromBeingReplaced: one of two connections is
// lost while the server reads from neither, and Send waits for the other.
func TestAStuckSendDoesNotKeepConnectionsFromBeingReplaced(t *testing.T) {
	t.Parallel()
	unread := func(x *Exchange) bool { <-x.Done; return false }
	srv := start(t, WithTimeout(time.Minute), WithFault(StepData, Times(2, unread)))
	s, server := whole(t, srv, many(srv, 2))
	s.Start(func([][]byte) {})
	b := batch()
	for flow := range 40 {
		b.Append(append(udp(uint16(flow), 1), make([]byte, 1200)...))
	}
	f := startFlood(s, b)
	f.stuck(t)
	server.CutOne(0, RST)
	ctx := within(t)
	for server.Stats().FramesIn == 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Errorf("no frame arrives; the server has %d connections, the client %d", server.Conns(), s.Connections())
	}
	s.Close()
	if err := next(t, f.over, "the end of Send"); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("Send: %v, want %v", err, protocol.ErrClosed)
	}
}
