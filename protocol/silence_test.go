// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

func TestSilenceIsToldAsLongAsItLasts(t *testing.T) {
	srv := start(t)
	cfg := alice(srv)
	var silent atomic.Bool
	var heard atomic.Int32
	protocol.Hear(cfg, func() (bool, bool, time.Duration) {
		now := silent.Load()
		if !now {
			heard.Add(1)
		}
		return now, now, time.Minute
	})
	s, _, events := watched(t, srv, cfg)
	// What a look has found is told before the next one, so after two the first is dealt with.
	twice := func() {
		t.Helper()
		for ctx, had := within(t), heard.Load(); heard.Load() < had+2; time.Sleep(10 * time.Millisecond) {
			if err := s.Send(batch(numbered(100, 2))); err != nil || ctx.Err() != nil {
				t.Fatalf("nobody looks whether the server answers: %v", err)
			}
		}
	}
	silent.Store(true)
	for range 2 {
		if err := s.Send(batch(numbered(100, 1))); err != nil {
			t.Fatal(err)
		}
		if e := expect[protocol.Silent](t, s, events); e.After != time.Minute {
			t.Errorf("silent for %v, want a minute", e.After)
		}
	}
	silent.Store(false)
	twice()
	for len(events) > 0 {
		<-events
	}
	twice()
	if len(events) > 0 {
		t.Errorf("told %v, though the server is heard again", <-events)
	}
}

// What watches the silence and what looks after the connections are two goroutines.
func TestEventsAreToldOneAtATime(t *testing.T) {
	srv := start(t)
	cfg := alice(srv)
	protocol.Hear(cfg, func() (bool, bool, time.Duration) { return true, true, time.Minute })
	silent, detached := make(chan struct{}), make(chan struct{}, 1)
	var once sync.Once
	var telling atomic.Int32
	cfg.Notify = func(e protocol.Event) {
		if n := telling.Add(1); n != 1 {
			t.Errorf("%T is told while another event is", e)
		}
		defer telling.Add(-1)
		switch e.(type) {
		case protocol.Silent:
			once.Do(func() {
				close(silent)
				time.Sleep(100 * time.Millisecond) // the other one has time to come
			})
		case protocol.Detached:
			select {
			case detached <- struct{}{}:
			default:
			}
		}
	}
	s := dial(t, cfg)
	s.Start(func([][]byte) {})
	if err := s.Send(batch(numbered(100, 1))); err != nil {
		t.Fatal(err)
	}
	for _, event := range []<-chan struct{}{silent, detached} {
		select {
		case <-event:
		case <-within(t).Done():
			t.Fatal("not told")
		}
		s.Move(false)
	}
}

func TestASlowServerIsNotSilent(t *testing.T) {
	for _, tt := range []struct {
		name             string
		unacked, overdue bool
		quiet            time.Duration
	}{
		{"acknowledgements come, late", true, true, 30 * time.Millisecond},
		{"nothing came for long, but is not due", true, false, time.Hour},
		{"nothing is waited for", false, false, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t)
			cfg := alice(srv)
			protocol.Hear(cfg, func() (bool, bool, time.Duration) { return tt.unacked, tt.overdue, tt.quiet })
			s, _, events := watched(t, srv, cfg)
			for range 20 {
				if err := s.Send(batch(numbered(100, 1))); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Millisecond)
			}
			if len(events) > 0 {
				t.Errorf("told %v", <-events)
			}
		})
	}
}

func TestNobodyListensWhileNothingIsSent(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		srv, cfg := inMemory(t)
		protocol.Shorten(cfg, protocol.Waits{})
		var looks atomic.Int32
		protocol.Hear(cfg, func() (bool, bool, time.Duration) { looks.Add(1); return false, false, 0 })
		watched(t, srv, cfg)
		time.Sleep(200 * time.Millisecond) // the first keep-alive is sent at once, the next after 4 s
		if n := looks.Load(); n != 1 {
			t.Errorf("looked %d times, want once", n)
		}
	})
}

func TestASessionMovesAwayFromASilentServer(t *testing.T) {
	srv := start(t, WithHandler(Echo))
	cfg := alice(srv)
	g := newGround(cfg)
	var silent atomic.Bool
	protocol.Hear(cfg, func() (bool, bool, time.Duration) { return silent.Load(), silent.Load(), time.Minute })
	s, server, events := watched(t, srv, cfg)
	silent.Store(true)
	if err := s.Send(batch(numbered(100, 1))); err != nil {
		t.Fatal(err)
	}
	expect[protocol.Silent](t, s, events)
	g.use(wifi)
	s.Move(true)
	for {
		select {
		case e := <-events:
			if _, again := e.(protocol.Silent); again {
				continue
			}
			if _, ok := e.(protocol.Moved); !ok {
				t.Fatalf("event %T, want Moved", e)
			}
		case <-within(t).Done():
			t.Fatal("not moved")
		}
		break
	}
	if n := s.Connections(); n != 1 || cameFrom(srv, wifi) != 1 {
		t.Errorf("%d connections, %d over the new ground", n, cameFrom(srv, wifi))
	}
	// A reset would make Debian's server take every other connection for broken (softether-protocol.md 8.6).
	waitEnd(t, srv, 0, EndPolite)
	select {
	case <-server.Done():
		t.Error("the session is over")
	default:
	}
}
