// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"net"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

func TestASessionEndsWhenItCannotBeReattached(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		lose  func(*Server, *ServerSession)
		opts  []Option
		want  error
		retry protocol.Retry
	}{
		{
			"kicked", func(_ *Server, s *ServerSession) { s.Kick() }, nil,
			&protocol.ServerError{Code: protocol.CodeSessionTimeout}, protocol.RetryNow,
		},
		{
			"server gone", func(srv *Server, _ *ServerSession) { srv.Close() }, nil,
			protocol.ErrUnreachable, protocol.RetryNow,
		},
		{
			"server crashed", func(srv *Server, _ *ServerSession) { srv.Crash() }, nil,
			protocol.ErrUnreachable, protocol.RetryNow,
		},
		{
			"server does not want it", func(_ *Server, s *ServerSession) { s.Cut(Polite) },
			[]Option{WithFault(StepAttach, Refuse(uint32(protocol.CodeSessionTimeout)))},
			&protocol.ServerError{Code: protocol.CodeSessionTimeout}, protocol.RetryNow,
		},
		{
			"dropped again at once", func(_ *Server, s *ServerSession) { s.Cut(Abrupt) },
			[]Option{WithFault(StepAttach, attachAndDrop)},
			protocol.ErrLost, protocol.RetryNow,
		},
		{
			"half-duplex direction", func(_ *Server, s *ServerSession) { s.Cut(Polite) },
			[]Option{WithFault(StepAttach, SetInt("direction", 1))},
			protocol.ErrMalformed, protocol.RetryNow,
		},
		{
			"direction unheard of", func(_ *Server, s *ServerSession) { s.Cut(Polite) },
			[]Option{WithFault(StepAttach, SetInt("direction", 7))},
			protocol.ErrMalformed, protocol.RetryNow,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if tt.want == protocol.ErrUnreachable {
				timeout = 4 * time.Second // it is tried for that long
			}
			srv := start(t, append(tt.opts, WithTimeout(timeout))...)
			cfg := alice(srv)
			protocol.Shorten(cfg, protocol.Waits{ReattachLife: time.Minute})
			s, server, events := watched(t, srv, cfg)
			tt.lose(srv, server)
			expect[protocol.Detached](t, s, events)
			over(t, s)
			if !is(s.Err(), tt.want) {
				t.Errorf("error %v, want %v", s.Err(), tt.want)
			}
			if _, retry := protocol.Classify(s.Err()); retry != tt.retry {
				t.Errorf("retry %v for %v, want %v", retry, s.Err(), tt.retry)
			}
			if err := s.Send(batch(numbered(60, 1))); err == nil {
				t.Error("Send after the end: no error")
			}
		})
	}
}

// attachAndDrop lets a connection join and closes it a moment later.
func attachAndDrop(x *Exchange) bool {
	x.WriteHTTP("200 OK", "application/octet-stream", must(x.Reply.Marshal()))
	time.Sleep(50 * time.Millisecond)
	return CloseNotify(x)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestAServerThatKeepsDroppingIsGivenUp(t *testing.T) {
	t.Parallel()
	srv := start(t, WithTimeout(2*time.Minute), WithFault(StepData, func(x *Exchange) bool {
		time.Sleep(100 * time.Millisecond)
		return CloseNotify(x)
	}))
	cfg := alice(srv)
	protocol.Shorten(cfg, protocol.Waits{ReattachLife: time.Nanosecond})
	s := dial(t, cfg)
	s.Start(func([][]byte) {})
	over(t, s)
	if n := len(srv.Records()); n != 6 {
		t.Errorf("%d connections, want 6: %v", n, s.Err())
	}
}

// TestUncleanCloseBug: on Debian's server, a session whose connection broke without
// our close_notify takes new ones, and drops them (softether-protocol.md 8.6).
func TestUncleanCloseBug(t *testing.T) {
	t.Parallel()
	srv := start(t, WithTimeout(time.Minute), WithUncleanCloseBug())
	cfg := alice(srv)
	protocol.Shorten(cfg, protocol.Waits{ReattachLife: time.Minute})
	var raw net.Conn
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (c net.Conn, err error) {
		c, err = new(net.Dialer).DialContext(ctx, "tcp", address)
		if raw == nil {
			raw = c
		}
		return c, err
	})
	events := watch(cfg)
	s := dial(t, cfg)
	s.Start(func([][]byte) {})
	raw.(*net.TCPConn).CloseWrite() // a bare FIN, as from a dying middle box
	expect[protocol.Detached](t, s, events)
	expect[protocol.Reattached](t, s, events)
	over(t, s)
	if n := len(srv.Records()); n != 2 {
		t.Errorf("%d connections, want 2: no loop", n)
	}
	if _, retry := protocol.Classify(s.Err()); retry != protocol.RetryNow {
		t.Errorf("retry %v after %v, want at once", retry, s.Err())
	}
}
