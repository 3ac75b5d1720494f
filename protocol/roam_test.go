// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

func TestASessionWalksToOtherGroundWithoutLosingAFrame(t *testing.T) {
	for _, tt := range []struct {
		name   string
		conns  int
		change func(*protocol.Config)
	}{
		{"one connection", 1, func(*protocol.Config) {}},
		{"four connections", 4, func(*protocol.Config) {}},
		{"half-duplex", 4, func(cfg *protocol.Config) { cfg.HalfDuplex = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, WithHandler(Echo))
			cfg := many(srv, tt.conns)
			tt.change(cfg)
			g := newGround(cfg)
			events := watch(cfg)
			s, server := whole(t, srv, cfg)
			stop := echoSteadily(t, s)
			g.use(wifi)
			s.Move(true)
			moved := expect[protocol.Moved](t, s, events)
			if moved.Addr != srv.AddrPort() || moved.After <= 0 {
				t.Errorf("moved to %v after %v", moved.Addr, moved.After)
			}
			waitEnd(t, srv, 0, EndPolite)
			for ctx := within(t); cameFrom(srv, wifi) < tt.conns || s.Connections() != tt.conns; time.Sleep(time.Millisecond) {
				if ctx.Err() != nil {
					t.Fatalf("%d connections from the new address, %d in all, want %d", cameFrom(srv, wifi), s.Connections(), tt.conns)
				}
			}
			sent, back, gap := stop()
			t.Logf("%d frames, longest gap %v, moved after %v", sent, gap, moved.After)
			if sent != back {
				t.Errorf("%d of %d frames came back", back, sent)
			}
			if len(srv.Logins()) != 1 || server.Conns() > tt.conns+1 {
				t.Errorf("%d logins, %d connections at the server", len(srv.Logins()), server.Conns())
			}
			if len(events) > 0 {
				t.Errorf("another event: %T", <-events)
			}
		})
	}
}

func TestASessionStaysWhereTheNewGroundLeadsNowhere(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo), WithFault(StepAttach, Times(1, Status("302 Found"))))
	cfg := alice(srv)
	g := newGround(cfg)
	events := watch(cfg)
	s := dial(t, cfg)
	stop := echoSteadily(t, s)
	g.use(wifi)
	s.Move(true)
	if e := expect[protocol.Stayed](t, s, events); !errors.Is(e.Err, protocol.ErrNotSoftEther) {
		t.Errorf("stayed because of %v", e.Err)
	}
	g.use("127.0.0.1")
	if sent, back, _ := stop(); sent != back {
		t.Errorf("%d of %d frames came back", back, sent)
	}
	s.Move(true) // a second try, to where it is already, is a move like another
	expect[protocol.Moved](t, s, events)
}

// What was begun over ground that is left is not waited for.
func TestAMoveEndsWhatTheLastOneBegan(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo))
	cfg := alice(srv)
	g := newGround(cfg)
	protocol.Shorten(cfg, protocol.Waits{Step: time.Hour})
	events := watch(cfg)
	begun := make(chan struct{}, 100)
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
		begun <- struct{}{}
		return g.DialContext(ctx, "tcp", address)
	})
	s := dial(t, cfg)
	collect(s)
	<-begun
	g.use("") // leads nowhere
	s.Move(true)
	next(t, begun, "an attempt over the new ground")
	g.use(wifi)
	s.Move(true)
	expect[protocol.Moved](t, s, events)
}

// The server of this test does not hear of the new address: as behind a firewall that lets no UDP
// through, TCP has to carry what UDP did.
func TestUDPHasToProveItselfOnOtherGround(t *testing.T) {
	t.Parallel()
	tcp := make(chan uint32, 1<<16)
	grant, udp := overUDP(2, nil)
	srv := start(t, grant, WithHandler(func(s *ServerSession) {
		s.Receive(func(frames [][]byte) {
			for _, f := range frames {
				select {
				case tcp <- number(f):
				case <-s.Done(): // the test reads no more
				}
			}
		})
	}))
	cfg := alice(srv)
	cfg.UDP = protocol.UDPYes
	g := newGround(cfg)
	events := watch(cfg)
	s := dial(t, cfg)
	collect(s)
	var n uint32
	sendUntil(t, s, &n, udp)
	for _, alive := range []bool{true, false} {
		g.use(wifi)
		s.Move(alive)
		if !alive {
			expect[protocol.Detached](t, s, events)
			expect[protocol.Reattached](t, s, events)
		} else {
			expect[protocol.Moved](t, s, events)
			waitEnd(t, srv, 0, EndPolite) // the server takes one connection more than granted, and the next move brings another
		}
		first := n + 1
		for range 20 {
			n++
			s.Send(batch(numbered(100, n)))
		}
		for want := first; want <= n; {
			if got := next(t, tcp, "a frame over TCP"); got == want {
				want++
			} else if got > want {
				t.Fatalf("frame %d arrived, want %d", got, want)
			}
		}
	}
}

func TestMovesComeAtAnyTime(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo), WithTimeout(20*time.Second))
	cfg := many(srv, 3)
	g := newGround(cfg)
	cfg.Notify = func(protocol.Event) {}
	s := dial(t, cfg)
	got := collect(s)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			for j := range 10 {
				g.use([]string{wifi, "127.0.0.1", "127.0.0.3"}[(i+j)%3])
				s.Move(true)
				time.Sleep(7 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	echoes(t, s, got)
	s.Close()
	s.Move(true) // nothing comes of it
	s.Move(false)
}
