// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"testing"
	"time"

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
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		b := batch()
		for n := uint32(0); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			b.Reset()
			for flow := range 40 {
				b.Append(append(udp(uint16(flow), n), make([]byte, 1200)...))
			}
			if s.Send(b) != nil {
				return
			}
		}
	}()
	time.Sleep(time.Second) // long enough to fill the sockets' buffers
	server.CutOne(0, RST)
	ctx := within(t)
	for server.Stats().FramesIn == 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Errorf("no frame arrives; the server has %d connections, the client %d", server.Conns(), s.Connections())
	}
	close(stop)
	s.Close()
	<-stopped
}
