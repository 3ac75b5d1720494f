// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	. "network-manager-softether/protocol/softethertest"
)

// eachVersion runs a test against imitations of 5.01, which Debian has and the
// end-to-end tests run against, and of 5.02 (docs/compatibility.md tells of the real one).
func eachVersion(t *testing.T, test func(t *testing.T, server Option)) {
	t.Run("5.01", func(t *testing.T) { test(t, As501()) })
	t.Run("5.02", func(t *testing.T) { test(t, As502()) })
}

// TestTheFloodGateOf502StaysOpenForUs opens as many connections as there may be, loses
// all but one of them, and logs in again: with the pauses that users get 5.02 never
// takes it for a flood, and no connection is closed unanswered.
func TestTheFloodGateOf502StaysOpenForUs(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		srv, cfg := inMemory(t, As502())
		cfg.MaxConnections = 32
		dials, pipe := 0, cfg.Dialer
		cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
			dials++
			return pipe.DialContext(ctx, "tcp", address)
		})
		for range 2 {
			s := dial(t, cfg)
			s.Start(func([][]byte) {})
			sess := theSession(t, srv)
			for range 2 {
				time.Sleep(40 * time.Second)
				synctest.Wait()
				if n := s.Connections(); n != 32 {
					t.Errorf("%d connections, want 32", n)
				}
				for range 31 {
					sess.CutOne(0, Polite)
					synctest.Wait()
				}
			}
			s.Close()
		}
		synctest.Wait()
		if n := len(srv.Records()); n != dials || dials < 2*(32+31) {
			t.Errorf("%d connections were let in, %d opened", n, dials)
		}
	})
}
