// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// A house is what an address leads to.
type house struct {
	door  *Pipe         // nil: nobody answers
	after time.Duration // until it answers
}

// An eager connection reads whatever is written at its other end at once. A pipe has no buffer: a writer would wait
// for a reader that has already seen enough to give up.
type eager struct {
	net.Conn
	r *bufio.Reader
}

func (e eager) Read(b []byte) (int, error) { return e.r.Read(b) }

// A town is a Dialer and a Resolver of one name.
type town struct {
	houses map[string]house
	name   atomic.Pointer[netip.Addr] // nil: no name server answers
	slow   time.Duration              // of an answer
	asked  atomic.Int32
}

const home, movedTo = "192.0.2.1", "192.0.2.9"

func (w *town) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	h := w.houses[netip.MustParseAddrPort(address).Addr().String()]
	wait := time.NewTimer(h.after)
	defer wait.Stop()
	for {
		select {
		case <-wait.C:
			if h.door != nil {
				conn, err := h.door.DialContext(ctx, network, address)
				return eager{conn, bufio.NewReaderSize(conn, 1<<16)}, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (w *town) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	w.asked.Add(1)
	if a := w.name.Load(); a != nil {
		select {
		case <-time.After(w.slow):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return []netip.Addr{*a}, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (w *town) moves(to string) {
	a := netip.MustParseAddr(to)
	w.name.Store(&a)
}

// inTown is inMemory for a server at home, which has a name.
func inTown(t *testing.T, opts ...Option) (*Server, *protocol.Config, *town) {
	t.Helper()
	srv, cfg := inMemory(t, opts...)
	w := &town{houses: map[string]house{home: {door: cfg.Dialer.(*Pipe)}}}
	w.moves(home)
	cfg.Host, cfg.Dialer, cfg.Resolver = "vpn.example", w, w
	return srv, cfg, w
}

// stranger is another server, without the sessions of the first one.
func stranger(t *testing.T, opts ...Option) house {
	t.Helper()
	_, cfg := inMemory(t, opts...)
	return house{door: cfg.Dialer.(*Pipe)}
}

func TestALookUpHelpsASessionAndDoesNotHarmIt(t *testing.T) {
	same := WithCertificate(NewCertificate(&x509.Certificate{DNSNames: []string{"vpn.example"}}))
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, w *town)
		want   string
		within time.Duration
		asked  int32 // beyond the login's look-up
	}{
		{"the server is where it was", func(*testing.T, *town) {}, home, 200 * time.Millisecond, 0},
		{"its address is dead, and its name has another", func(_ *testing.T, w *town) {
			w.houses[movedTo], w.houses[home] = w.houses[home], house{}
			w.moves(movedTo)
		}, movedTo, time.Second, 1},
		{"it is slow, and no name server answers", func(_ *testing.T, w *town) {
			w.houses[home] = house{w.houses[home].door, 2500 * time.Millisecond}
			w.name.Store(nil)
		}, home, 3 * time.Second, 1},
		{"it is slow, and the name server lies", func(t *testing.T, w *town) {
			w.houses[home] = house{w.houses[home].door, time.Second}
			w.houses[movedTo] = stranger(t)
			w.moves(movedTo)
		}, home, 2 * time.Second, 1},
		{"it is slow, and the name has another server with the same certificate", func(t *testing.T, w *town) {
			w.houses[home] = house{w.houses[home].door, time.Second}
			w.houses[movedTo] = stranger(t, same)
			w.moves(movedTo)
		}, home, 2 * time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				srv, cfg, w := inTown(t, same, WithTimeout(time.Minute), WithHandler(Echo))
				s, server, events := watched(t, srv, cfg)
				asked := w.asked.Load()
				tt.change(t, w)
				server.Cut(Polite)
				expect[protocol.Detached](t, s, events)
				e := expect[protocol.Reattached](t, s, events)
				if got := e.Addr.Addr().String(); got != tt.want || e.After > tt.within {
					t.Errorf("attached again at %s after %v, want %s within %v", got, e.After, tt.want, tt.within)
				}
				if n := w.asked.Load() - asked; n != tt.asked {
					t.Errorf("%d look-ups, want %d", n, tt.asked)
				}
				if n := len(srv.Logins()); n != 1 {
					t.Errorf("%d logins, want 1", n)
				}
			})
		})
	}
}

// A walk from a silent address to the one that the name has now leaves the session's only connection alone until then.
func TestASessionWalksToTheNewAddressOfTheName(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		srv, cfg, w := inTown(t, WithTimeout(time.Minute), WithHandler(Echo))
		s, _, events := watched(t, srv, cfg)
		w.houses[movedTo], w.houses[home] = w.houses[home], house{}
		w.moves(movedTo)
		s.Move(true)
		if e := expect[protocol.Moved](t, s, events); e.Addr.Addr().String() != movedTo || e.After > time.Second || s.Info().ServerAddr != e.Addr {
			t.Errorf("moved to %v after %v, want %s", e.Addr, e.After, movedTo)
		}
	})
}

// A login does not wait for a dead name server, and does not settle for an address that is somebody else's by now.
func TestALoginDoesNotWaitForTheNameServer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, w *town)
		want   string
		within time.Duration
	}{
		{"the name server is dead", func(_ *testing.T, w *town) { w.name.Store(nil) }, home, time.Second},
		{"the old address is dead", func(_ *testing.T, w *town) {
			w.houses[movedTo], w.houses[home] = w.houses[home], house{}
			w.moves(movedTo)
		}, movedTo, 100 * time.Millisecond},
		{"the old address is another server's, and the name server is slow", func(t *testing.T, w *town) {
			w.houses[movedTo], w.houses[home] = w.houses[home], stranger(t)
			w.moves(movedTo)
			w.slow = 800 * time.Millisecond
		}, movedTo, 2 * time.Second},
		{"the new address is another server's, and the name server is slow", func(t *testing.T, w *town) {
			w.houses[home] = house{w.houses[home].door, time.Second}
			w.houses[movedTo] = stranger(t)
			w.moves(movedTo)
			w.slow = 400 * time.Millisecond
		}, home, 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				srv, cfg, w := inTown(t, WithCertificate(NewCertificate(&x509.Certificate{DNSNames: []string{"vpn.example"}})))
				cfg.Trust = protocol.Trust{Roots: srv.CertPool()}
				cfg.Resolver = protocol.NewCachingResolver(w) // as one of a program that logs in again
				dial(t, cfg)
				tt.change(t, w)
				began := time.Now()
				s := dial(t, cfg)
				if got, took := s.Info().ServerAddr.Addr().String(), time.Since(began); got != tt.want || took > tt.within {
					t.Errorf("logged in at %s after %v, want %s within %v", got, took, tt.want, tt.within)
				}
			})
		})
	}
}

// A dial that a router has not passed on, as it did not answer yet, is repeated soon, with and without a live connection.
func TestARouterThatHasJustComeIsNotWaitedForLong(t *testing.T) {
	for _, alive := range []bool{false, true} {
		bubbletest.Run(t, func(t *testing.T) {
			srv, cfg := inMemory(t, WithTimeout(time.Minute), WithHandler(Echo))
			pipe := cfg.Dialer
			var unknown atomic.Int32 // dials that fail
			cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
				if unknown.Add(-1) >= 0 {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}
				}
				return pipe.DialContext(ctx, "tcp", address)
			})
			s, _, events := watched(t, srv, cfg)
			unknown.Store(2)
			s.Move(alive)
			var after time.Duration
			if alive {
				after = expect[protocol.Moved](t, s, events).After
			} else {
				expect[protocol.Detached](t, s, events)
				after = expect[protocol.Reattached](t, s, events).After
			}
			if after > time.Second {
				t.Errorf("moved within %v, want a second at most", after)
			}
		})
	}
}
