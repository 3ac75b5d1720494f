// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// TestHalfDuplexStrays: the server holds on to connections that the client has lost,
// and would go on sending into them.
func TestHalfDuplexStrays(t *testing.T) {
	t.Parallel()
	srv := start(t)
	cfg := many(srv, 2)
	cfg.HalfDuplex = true
	var conns []net.Conn
	var mu sync.Mutex
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, c)
		return brokenConn{c, new(atomic.Bool)}.in(&conns), err
	})
	s, _ := whole(t, srv, cfg)
	s.Start(func([][]byte) {})
	srv.Set(WithFault(StepAttach, Refuse(15)))
	mu.Lock()
	second := conns[1].(brokenConn)
	mu.Unlock()
	second.broken.Store(true)
	for ctx := within(t); s.Err() == nil; time.Sleep(time.Millisecond) {
		second.SetReadDeadline(time.Unix(1, 0)) // the reader, too, sets one now and then
		if ctx.Err() != nil {
			t.Fatal("the session lives on")
		}
	}
	if _, retry := protocol.Classify(s.Err()); retry != protocol.RetryNow {
		t.Errorf("retry %v after %v, want at once", retry, s.Err())
	}
}

// A brokenConn fails to read once it is broken, and the other end does not know.
type brokenConn struct {
	net.Conn
	broken *atomic.Bool
}

func (b brokenConn) in(list *[]net.Conn) net.Conn {
	(*list)[len(*list)-1] = b
	return b
}

func (b brokenConn) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.broken.Load() {
		return 0, os.ErrClosed
	}
	return n, err
}

func (b brokenConn) Close() error { return b.Conn.Close() }

// TestASessionThatCannotBeReattachedEnds: a half-duplex one would open its second
// connection at once, but there is no first one any more.
func TestASessionThatCannotBeReattachedEnds(t *testing.T) {
	for i := range 40 { // what comes first is decided by chance
		bubbletest.Run(t, func(t *testing.T) {
			srv, cfg := inMemory(t)
			cfg.MaxConnections, cfg.HalfDuplex = 4, i%2 == 0
			s := dial(t, cfg)
			s.Start(func([][]byte) {})
			server := theSession(t, srv)
			time.Sleep(10 * time.Second)
			server.Kick()
			<-s.Done()
			var refused *protocol.ServerError
			if !errors.As(s.Err(), &refused) || refused.Code != protocol.CodeSessionTimeout {
				t.Errorf("session ended with %v", s.Err())
			}
		})
	}
}
