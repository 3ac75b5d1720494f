// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// A ground is the network interface a computer dials over: a local address that may be changed. An
// invalid one leads nowhere, without a word.
type ground struct{ addr atomic.Pointer[string] }

func newGround(cfg *protocol.Config) *ground {
	g := new(ground)
	g.use("127.0.0.1")
	cfg.Dialer = g
	return g
}

func (g *ground) use(addr string) { g.addr.Store(&addr) }

func (g *ground) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	from := net.ParseIP(*g.addr.Load())
	if from == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	d := net.Dialer{KeepAlive: -1, LocalAddr: &net.TCPAddr{IP: from}}
	if network == "udp" {
		d.LocalAddr = &net.UDPAddr{IP: from}
	}
	return d.DialContext(ctx, network, address)
}

const wifi = "127.0.0.2" // where a session moves to

// cameFrom counts the server's connections from an address.
func cameFrom(srv *Server, addr string) (n int) {
	for _, r := range srv.Records() {
		if host, _, _ := net.SplitHostPort(r.RemoteAddr.String()); host == addr {
			n++
		}
	}
	return n
}

// echoSteadily sends a frame each millisecond until stop is called, which waits for the last ones
// and returns how many were sent, how many came back, and the longest time without one.
func echoSteadily(t *testing.T, s *protocol.Session) (stop func() (sent, back int, gap time.Duration)) {
	var mu sync.Mutex
	seen := make(map[uint32]bool)
	var longest time.Duration
	last := time.Now()
	s.Start(func(frames [][]byte) {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, time.Since(last))
		last = time.Now()
		for _, f := range frames {
			seen[number(f)] = true
		}
	})
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(seen) }
	done, ended := make(chan struct{}), make(chan struct{})
	sent := 0
	go func() {
		defer close(ended)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-tick.C:
				sent++
				if err := s.Send(batch(numbered(100, uint32(sent)))); err != nil {
					t.Error(err)
					return
				}
			case <-done:
				tick.Stop()
				return
			}
		}
	}()
	for ctx := within(t); count() == 0 && ctx.Err() == nil; time.Sleep(time.Millisecond) {
	}
	return func() (int, int, time.Duration) {
		time.Sleep(50 * time.Millisecond)
		close(done)
		<-ended
		for ctx := within(t); count() < sent && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		}
		return sent, count(), longest
	}
}
