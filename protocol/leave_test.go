// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

func TestGroundThatIsGoneIsLeftAtOnce(t *testing.T) {
	for _, conns := range []int{1, 4} {
		t.Run(fmt.Sprint(conns, " connections"), func(t *testing.T) {
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

// A cable carries a connection until it is cut, which neither end is told.
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
