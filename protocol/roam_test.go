// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
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

func TestGroundThatIsGoneIsLeftAtOnce(t *testing.T) {
	for _, conns := range []int{1, 4} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			srv := start(t, WithHandler(Echo), WithTimeout(2*time.Minute))
			cfg := many(srv, conns)
			g := newGround(cfg)
			events := watch(cfg)
			s, server := whole(t, srv, cfg)
			s.Start(func([][]byte) {})
			server.Freeze()
			// Fill what the dead connection takes, so that a sender hangs in it.
			hung := make(chan struct{})
			go func() {
				defer close(hung)
				for range 8000 {
					s.Send(batch(numbered(1500, 1)))
				}
			}()
			time.Sleep(100 * time.Millisecond)
			g.use(wifi)
			s.Move(false)
			expect[protocol.Detached](t, s, events)
			if conns > 1 {
				// The server would send most of its frames over those that are gone.
				over(t, s)
			} else if e := expect[protocol.Reattached](t, s, events); e.After > 50*time.Second {
				t.Errorf("attached again after %v: the dead connection was waited for", e.After)
			}
			select {
			case <-hung:
			case <-within(t).Done():
				t.Fatal("a sender still hangs in the dead connection")
			}
			if conns == 1 && (len(srv.Logins()) != 1 || cameFrom(srv, wifi) == 0) {
				t.Errorf("%d logins, %d connections over the new ground", len(srv.Logins()), cameFrom(srv, wifi))
			}
		})
	}
}

func TestAnAttemptOverGroundThatIsLeftIsGivenUp(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo), WithTimeout(2*time.Minute))
	cfg := alice(srv)
	protocol.Shorten(cfg, protocol.Waits{Step: time.Minute})
	g := newGround(cfg)
	s, _, events := watched(t, srv, cfg)
	g.use("nowhere")
	s.Move(false)
	expect[protocol.Detached](t, s, events)
	time.Sleep(20 * time.Millisecond) // the attempt hangs in the dial, for a minute
	g.use(wifi)
	s.Move(false)
	if e := expect[protocol.Reattached](t, s, events); e.After > 50*time.Second {
		t.Errorf("attached again after %v", e.After)
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

// A cable carries a connection until it is cut. Nobody is told of that.
type cable struct {
	t   *testing.T
	cut atomic.Bool
}

func (c *cable) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	far, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	near, mid := net.Pipe()
	carry := func(to, from net.Conn) {
		for b := make([]byte, 32<<10); ; {
			n, err := from.Read(b)
			if c.cut.Load() {
				return
			}
			if err == nil {
				_, err = to.Write(b[:n])
			}
			if err != nil {
				to.Close()
				return
			}
		}
	}
	go carry(far, mid)
	go carry(mid, far)
	c.t.Cleanup(func() { far.Close(); mid.Close() })
	return near, nil
}

func TestAServerThatHoldsWhatWasLeftEndsTheSessionAtOnce(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo), WithTimeout(20*time.Second))
	cfg := alice(srv)
	var way atomic.Pointer[cable]
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
		return way.Load().DialContext(ctx, "tcp", address)
	})
	way.Store(&cable{t: t})
	s, _, events := watched(t, srv, cfg)
	// The server takes one connection more than granted: the first move is fine.
	for range 2 {
		way.Swap(&cable{t: t}).cut.Store(true)
		s.Move(false)
		expect[protocol.Detached](t, s, events)
		select {
		case e := <-events:
			if _, ok := e.(protocol.Reattached); !ok {
				t.Fatalf("event %T", e)
			}
		case <-s.Done():
		case <-within(t).Done():
			t.Fatal("neither attached nor over")
		}
	}
	over(t, s)
	if refused, ok := errors.AsType[*protocol.ServerError](s.Err()); !ok || refused.Code != protocol.CodeTooManyConnections {
		t.Errorf("the session ended with %v", s.Err())
	}
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
