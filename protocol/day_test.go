// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/bubbletest"
	. "network-manager-softether/protocol/softethertest"
)

// TestADayOverEightConnections: a day passes, with traffic all the time and a connection
// lost every few minutes, one way or another. The session lives, the frames of a flow
// arrive in order, no frame is too long, and nothing piles up: after a day there are as
// many goroutines, open connections and bytes in use as after an hour.
func TestADayOverEightConnections(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		var mu sync.Mutex
		last, late, total, long := map[uint16]uint32{}, 0, 0, 0
		srv, cfg := inMemory(t, WithHandler(func(s *ServerSession) {
			s.Receive(func(frames [][]byte) {
				mu.Lock()
				defer mu.Unlock()
				for _, f := range frames {
					flow, n := numberOf(f)
					if n < last[flow] {
						late++
					}
					if len(f) > frame.MaxLen {
						long++
					}
					last[flow] = max(last[flow], n)
					total++
				}
			})
		}))
		cfg.MaxConnections, cfg.ConnectionLifetime = 8, time.Hour
		pipe := cfg.Dialer
		var open atomic.Int64 // connections that were not closed: descriptors, were they sockets
		cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
			c, err := pipe.DialContext(ctx, "tcp", address)
			if err == nil {
				open.Add(1)
				c = &countedConn{Conn: c, open: &open}
			}
			return c, err
		})
		s := dial(t, cfg)
		s.Start(func([][]byte) {})
		server := theSession(t, srv)
		settle := func() {
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		settle()
		began, goroutines := time.Now(), runtime.NumGoroutine()
		sent, kills, bytes, opened := 0, 0, int64(0), 0
		b := frame.NewBatch(64<<10, 64)
		for n, kill := uint32(1), time.Now(); time.Since(began) < 24*time.Hour; n++ {
			b.Reset()
			for flow := range 16 {
				b.Append(udp(uint16(flow), n))
			}
			if err := s.Send(b); err != nil {
				t.Fatal(err)
			}
			sent += b.Len()
			if time.Now().After(kill) {
				if server.CutOne(rand.N(8), Cut(rand.N(3))) {
					kills++
				}
				kill = time.Now().Add(time.Minute + rand.N(4*time.Minute))
			}
			time.Sleep(5*time.Second + rand.N(10*time.Second))
			if bytes == 0 && time.Since(began) >= time.Hour {
				settle()
				bytes, opened = memory(), len(srv.Records())
			}
		}
		settle()
		// The test server keeps what each connection did.
		const kept = 6 << 10
		opened = len(srv.Records()) - opened
		if grown := memory() - bytes; grown > int64(opened)*kept {
			t.Errorf("%d bytes more in use than after the first hour, %d for each of the %d connections opened since", grown, grown/int64(opened), opened)
		} else {
			t.Logf("%d bytes more in use than after the first hour, %d connections later", grown, opened)
		}
		if n := runtime.NumGoroutine(); n > goroutines {
			t.Errorf("%d goroutines, a day ago there were %d", n, goroutines)
		}
		if here, there := s.Connections(), server.Conns(); here != 8 || there != 8 || open.Load() != 8 {
			t.Errorf("%d connections here, %d there, %d not closed, want 8", here, there, open.Load())
		}
		mu.Lock()
		defer mu.Unlock()
		t.Logf("%d frames sent, %d arrived, %d late; %d connections killed, %d opened", sent, total, late, kills, len(srv.Records()))
		if total < sent*99/100 || late > 0 || long > 0 || len(srv.Logins()) != 1 {
			t.Errorf("%d of %d frames arrived, %d late, %d too long, after %d logins", total, sent, late, long, len(srv.Logins()))
		}
	})
}

// A countedConn counts as open until it is closed.
type countedConn struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
