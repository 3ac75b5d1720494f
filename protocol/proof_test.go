// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// A session that has left a dead connection behind has as many as the server takes. What it is refused beside the one that
// lives is no reason to lose that one.
func TestARefusedMoveLeavesTheConnectionThatLives(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo), WithTimeout(time.Minute))
	cfg := alice(srv)
	var way atomic.Pointer[cable]
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
		return way.Load().DialContext(ctx, "tcp", address)
	})
	way.Store(&cable{t: t})
	events := watch(cfg)
	s := dial(t, cfg)
	got := collect(s)
	way.Swap(&cable{t: t}).cut.Store(true)
	first := s.Move(false)
	expect[protocol.Detached](t, s, events)
	if e := expect[protocol.Reattached](t, s, events); e.Move != first {
		t.Errorf("attached again after move %d, want %d", e.Move, first)
	}
	second := s.Move(true)
	e := expect[protocol.Stayed](t, s, events)
	if refused, ok := errors.AsType[*protocol.ServerError](e.Err); !ok || refused.Code != protocol.CodeTooManyConnections || e.Move != second {
		t.Errorf("move %d was answered with %v, want a refusal of move %d", e.Move, e.Err, second)
	}
	echoes(t, s, got)
	if len(srv.Logins()) != 1 {
		t.Errorf("%d logins", len(srv.Logins()))
	}
}

// An answer bears the number of its move, and of moves in short succession the last is answered.
func TestAnAnswerBearsTheNumberOfItsMove(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo))
	cfg := alice(srv)
	events := watch(cfg)
	s := dial(t, cfg)
	last := 0
	for want := 1; want <= 9; want++ {
		if last = s.Move(true); last != want {
			t.Fatalf("move %d has the number %d", want, last)
		}
	}
	for answered := 0; answered < last; {
		e := expect[protocol.Moved](t, s, events)
		if e.Move < answered || e.Move > last {
			t.Fatalf("move %d is answered after %d", e.Move, answered)
		}
		answered = e.Move
	}
}
