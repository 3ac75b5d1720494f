// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

func TestALostConnectionIsReattached(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, server Option) {
		for _, tt := range []struct {
			name string
			lose func(*ServerSession)
			err  error
		}{
			{"closed politely", func(s *ServerSession) { s.Cut(Polite) }, protocol.ErrLost},
			{"closed without a word", func(s *ServerSession) { s.Cut(Abrupt) }, protocol.ErrLost},
			{"reset", func(s *ServerSession) { s.Cut(RST) }, protocol.ErrLost},
			{"against the framing", func(s *ServerSession) { s.WriteRaw([]byte{0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}) }, protocol.ErrMalformed},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				srv := start(t, server, WithHandler(Echo), WithTimeout(time.Minute))
				cfg := alice(srv)
				if e := reattaches(t, srv, cfg, tt.lose, tt.err); e.Addr != srv.AddrPort() || e.After <= 0 {
					t.Errorf("re-attached to %v after %v", e.Addr, e.After)
				}
			})
		}
	})
}

func TestASilentConnectionIsReattached(t *testing.T) {
	eachVersion(t, func(t *testing.T, server Option) {
		bubbletest.Run(t, func(t *testing.T) {
			srv, cfg := inMemory(t, server, WithHandler(Echo), WithTimeout(20*time.Second))
			reattaches(t, srv, cfg, func(s *ServerSession) { s.Freeze() }, protocol.ErrTimeout)
		})
	})
}

// reattaches has a session lose its connection for the reason why, and checks that it goes on with another one.
func reattaches(t *testing.T, srv *Server, cfg *protocol.Config, lose func(*ServerSession), why error) (e protocol.Reattached) {
	t.Helper()
	events := watch(cfg)
	s := dial(t, cfg)
	got := collect(s)
	theirs := theSession(t, srv)
	echoes(t, s, got)
	name := s.Info().SessionName
	lose(theirs)
	if e := expect[protocol.Detached](t, s, events); !errors.Is(e.Err, why) {
		t.Errorf("detached: %v, want %v", e.Err, why)
	}
	e = expect[protocol.Reattached](t, s, events)
	for len(got) > 0 {
		<-got
	}
	echoes(t, s, got)
	if len(srv.Logins()) != 1 || s.Info().SessionName != name {
		t.Errorf("%d logins, session %s, want 1 and %s", len(srv.Logins()), s.Info().SessionName, name)
	}
	s.Close()
	waitEnd(t, srv, 1, EndPolite)
	return e
}

func TestOurEndOfALostConnectionIsPolite(t *testing.T) {
	t.Parallel()
	// The server itself is more patient: how late our keep-alives are is not the point.
	srv := start(t, WithFault(StepLogin, SetInt("timeout", 300)), WithHandler(func(s *ServerSession) { s.Freeze() }))
	cfg := alice(srv)
	events := watch(cfg)
	s := dial(t, cfg)
	s.Start(func([][]byte) {})
	expect[protocol.Detached](t, s, events)
	waitEnd(t, srv, 0, EndPolite)
}

func TestWhileDetachedFramesAreDropped(t *testing.T) {
	t.Parallel()
	sent := make(chan struct{})
	srv := start(t, WithTimeout(time.Minute), WithFault(StepAttach, func(*Exchange) bool { <-sent; return true }))
	cfg := alice(srv)
	s, server, events := watched(t, srv, cfg)
	func() {
		defer close(sent)
		server.Cut(Polite)
		expect[protocol.Detached](t, s, events)
		if err := s.Send(batch(numbered(60, 1))); err != nil {
			t.Errorf("Send while detached: %v, want nil", err)
		}
	}()
	expect[protocol.Reattached](t, s, events)
	if n := server.Stats().FramesIn; n != 0 {
		t.Errorf("%d frames arrived, want none", n)
	}
}

func TestReattachingTriesAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault Fault
	}{
		{"hang-up", Hangup},
		{"silence", Silence},
		{"too many connections", Refuse(15)},
		{"interrupted", Refuse(3)},
		{"captive portal", Status("302 Found")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				srv, cfg := inMemory(t, WithTimeout(time.Minute), WithFault(StepAttach, Times(2, tt.fault)))
				s, server, events := watched(t, srv, cfg)
				server.Cut(Polite)
				expect[protocol.Detached](t, s, events)
				expect[protocol.Reattached](t, s, events)
				if n := len(srv.Records()); n != 4 {
					t.Errorf("%d connections, want 1 and 3 attempts", n)
				}
			})
		})
	}
}

func TestAReattachedConnectionMustShowTheSameCertificate(t *testing.T) {
	t.Parallel()
	srv := start(t, WithTimeout(20*time.Second))
	other := start(t, WithCertificate(NewCertificate(new(x509.Certificate))))
	cfg := alice(srv)
	var to atomic.Value
	to.Store(srv.Addr())
	cfg.Dialer = dialerFunc(func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", to.Load().(string))
	})
	cfg.Trust = protocol.Trust{Mode: protocol.TrustAny}
	s := dial(t, cfg)
	s.Start(func([][]byte) {})
	to.Store(other.Addr())
	server := theSession(t, srv)
	server.Cut(Polite)
	over(t, s)
	var refused *protocol.CertificateError
	if !errors.As(s.Err(), &refused) || refused.Reason != protocol.CertMemberDiffer {
		t.Errorf("error %v, want another certificate refused", s.Err())
	}
	records := other.Records()
	if len(records) == 0 {
		t.Error("the other server was never tried")
	}
	for _, r := range records {
		if len(r.Packs) > 0 {
			t.Error("the session's key was sent to another server")
		}
	}
}

func TestCloseWhileDetached(t *testing.T) {
	t.Parallel()
	srv := start(t, WithTimeout(30*time.Second), WithFault(StepAttach, Silence))
	cfg := alice(srv)
	protocol.Shorten(cfg, protocol.Waits{Closing: 30 * time.Second})
	s, server, events := watched(t, srv, cfg)
	server.Cut(Polite)
	expect[protocol.Detached](t, s, events)
	for ctx := within(t); len(srv.Records()) < 2; time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatal("the session does not try to attach again")
		}
	}
	began := time.Now()
	s.Close()
	if took := time.Since(began); took > 15*time.Second { // the server keeps silent for longer
		t.Errorf("Close took %v", took)
	}
	if !errors.Is(s.Err(), protocol.ErrClosed) {
		t.Errorf("error %v, want %v", s.Err(), protocol.ErrClosed)
	}
}
