// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// start runs a server for the test.
func start(t *testing.T, opts ...Option) *Server {
	t.Helper()
	srv := NewServer(opts...)
	t.Cleanup(func() { leaktest.Ends(t, "closing the server", srv.Close) })
	return srv
}

// alice is how the default user logs in to srv, trusting exactly its certificate.
func alice(srv *Server) *protocol.Config {
	cfg := &protocol.Config{
		Host: srv.Host(), Port: srv.Port(), Hub: "TEST", User: "alice",
		Auth:     protocol.Password{Secret: "secret1"},
		Trust:    protocol.Trust{Roots: srv.CertPool()},
		UniqueID: [16]byte{1, 2, 3},
	}
	protocol.Shorten(cfg, protocol.Waits{})
	return cfg
}

// many is alice with n connections.
func many(srv *Server, n int) *protocol.Config {
	cfg := alice(srv)
	cfg.MaxConnections = n
	return cfg
}

// inMemory returns a server inside a bubble, and how to log in to it.
func inMemory(t *testing.T, opts ...Option) (*Server, *protocol.Config) {
	pipe := NewPipe()
	srv := NewServer(append(opts, WithListener(pipe))...)
	t.Cleanup(srv.Close) // by the bubble's clock that may take an hour, and what hangs in one is told anyway
	return srv, &protocol.Config{
		Host: "192.0.2.1", Port: 443, Hub: "TEST", User: "anon", Auth: protocol.Anonymous{},
		Trust: protocol.Trust{Mode: protocol.TrustAny}, Dialer: pipe,
	}
}

// dial logs in and closes the session with the test.
func dial(t *testing.T, cfg *protocol.Config) *protocol.Session {
	t.Helper()
	s, err := protocol.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatalf("dial: %v (%s)", err, protocol.Hint(err))
	}
	t.Cleanup(func() { leaktest.Ends(t, "closing the session", func() { s.Close() }) })
	return s
}

// whole dials and waits until the session has all its connections.
func whole(t *testing.T, srv *Server, cfg *protocol.Config) (*protocol.Session, *ServerSession) {
	t.Helper()
	s := dial(t, cfg)
	server := theSession(t, srv)
	if err := server.WaitConns(within(t), cfg.MaxConnections); err != nil {
		t.Fatal(err)
	}
	for ctx := within(t); s.Connections() != cfg.MaxConnections; time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("%d connections, want %d", s.Connections(), cfg.MaxConnections)
		}
	}
	return s, server
}

// theSession waits for the server's end of the session.
func theSession(t *testing.T, srv *Server) *ServerSession {
	t.Helper()
	sess, err := srv.Session(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return sess
}

// buffers is more than the queues and sockets of a few connections hold, at both ends.
const buffers = 128 << 20

// A flood sends the same batch again and again.
type flood struct {
	sent atomic.Int64 // bytes that Send has taken
	over chan error   // what Send returned in the end
}

func startFlood(s *protocol.Session, b *frame.Batch) *flood {
	f, size := &flood{over: make(chan error, 1)}, 0
	for _, frame := range b.Frames() {
		size += len(frame)
	}
	go func() {
		for {
			if err := s.Send(b); err != nil {
				f.over <- err
				return
			}
			f.sent.Add(int64(size))
		}
	}()
	return f
}

// stuck waits until all buffers on the way to a server that reads nothing are full: Send waits, or has taken more than
// they can hold, as it drops what finds no room on one of several connections.
func (f *flood) stuck(t *testing.T) {
	t.Helper()
	ctx, last, since := within(t), int64(-1), time.Now()
	for last < buffers && time.Since(since) < 200*time.Millisecond {
		if n := f.sent.Load(); n != last {
			last, since = n, time.Now()
		}
		select {
		case err := <-f.over:
			t.Fatalf("Send has ended: %v", err)
		case <-ctx.Done():
			t.Fatal("the buffers never fill up")
		case <-time.After(time.Millisecond):
		}
	}
}

// over waits until the session is.
func over(t *testing.T, s *protocol.Session) {
	t.Helper()
	select {
	case <-s.Done():
	case <-within(t).Done():
		t.Fatal("the session lives on")
	}
}

// within returns a context for anything but a failure: a computer that is busy takes many
// times as long as another one.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), leaktest.Patience)
	t.Cleanup(cancel)
	return ctx
}

func echoes(t *testing.T, s *protocol.Session, got <-chan []byte) {
	t.Helper()
	for ctx := within(t); ; {
		s.Send(batch(numbered(60, 1)))
		select {
		case <-got:
			return
		case <-s.Done():
			t.Fatalf("session is over: %v", s.Err())
		case <-ctx.Done():
			t.Fatal("no frame comes back")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
