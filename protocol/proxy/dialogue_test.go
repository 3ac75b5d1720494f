// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
)

// A line of a dialogue: what the proxy has to be sent, and what it answers. "HANG UP"
// closes the connection, "SILENCE" answers never.
type line struct{ want, answer string }

const (
	hangUp  = "HANG UP"
	silence = "SILENCE"
)

// scripted is a proxy that follows a script for every connection made to it.
type scripted struct {
	t       *testing.T
	mu      sync.Mutex
	scripts [][]line
	served  int
	wg      sync.WaitGroup
	closed  int // of the client's ends

	deadline time.Time // of the client's ends, set last
}

type countedConn struct {
	net.Conn
	s *scripted
}

func (c countedConn) Close() error {
	c.s.mu.Lock()
	c.s.closed++
	c.s.mu.Unlock()
	return c.Conn.Close()
}

func (c countedConn) SetDeadline(t time.Time) error {
	c.s.mu.Lock()
	c.s.deadline = t
	c.s.mu.Unlock()
	return c.Conn.SetDeadline(t)
}

// dial makes the next connection.
func (s *scripted) dial(context.Context) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served == len(s.scripts) {
		return nil, errors.New("one connection too many")
	}
	script := s.scripts[s.served]
	s.served++
	client, server := net.Pipe()
	s.wg.Go(func() { s.serve(server, script) })
	return countedConn{client, s}, nil
}

func (s *scripted) serve(conn net.Conn, script []line) {
	defer conn.Close()
	for _, l := range script {
		got := make([]byte, len(l.want))
		if n, err := io.ReadFull(conn, got); err != nil || string(got) != l.want {
			s.t.Errorf("the proxy got %q, %v, want %q", got[:n], err, l.want)
			return
		}
		switch l.answer {
		case hangUp:
			return
		case silence:
			io.Copy(io.Discard, conn) // until the client gives up
			return
		}
		if _, err := io.WriteString(conn, l.answer); err != nil {
			return // the client need not listen to the end
		}
	}
	// From here on the server speaks.
	if b, _ := io.ReadAll(io.LimitReader(conn, 5)); len(b) > 0 {
		conn.Write(b)
	}
}

// connect runs a dialogue, and if it succeeds checks that the connection carries data.
func connect(t *testing.T, p *Proxy, target string, scripts ...[]line) error {
	t.Helper()
	s := &scripted{t: t, scripts: scripts}
	first, _ := s.dial(t.Context())
	conn, err := p.Connect(t.Context(), first, s.dial, target)
	if err == nil {
		echo := make([]byte, 5)
		io.WriteString(conn, "hello")
		if _, rerr := io.ReadFull(conn, echo); rerr != nil || string(echo) != "hello" {
			t.Errorf("the server said %q, %v", echo, rerr)
		}
		conn.Close()
		s.mu.Lock()
		if !s.deadline.IsZero() {
			t.Errorf("the connection is left with the dialogue's deadline, %v", s.deadline)
		}
		s.mu.Unlock()
	}
	s.wg.Wait()
	if s.closed != s.served {
		t.Errorf("%d of %d connections were closed", s.closed, s.served)
	}
	if s.served != len(scripts) {
		t.Errorf("%d connections, want %d", s.served, len(scripts))
	}
	return err
}

func known(password string) func() []byte { return func() []byte { return []byte(password) } }

func proxyOf(t *testing.T, k Kind, user, password string) *Proxy {
	t.Helper()
	p, err := New(Config{Kind: k, Host: "proxy.test", Port: 1080, User: user, Password: known(password)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantReason checks the kind of an error, and that it names proxy and cause.
func wantReason(t *testing.T, err error, reason Reason, text string) {
	t.Helper()
	var e *Error
	switch {
	case err == nil && text == "":
	case !errors.As(err, &e):
		t.Errorf("error %v, want an *Error with %q", err, text)
	case e.Reason != reason || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "proxy proxy.test:1080"):
		t.Errorf("reason %d: %v; want %d with %q", e.Reason, err, reason, text)
	}
}

func TestASilentProxyIsLeftInTime(t *testing.T) {
	for kind, opening := range map[Kind]string{
		HTTP: "CONNECT vpn.test:443 HTTP/1.1\r\nHost: vpn.test:443\r\n\r\n", SOCKS5: "\x05\x01\x00",
		SOCKS4: "\x04\x01\x01\xbb\x00\x00\x00\x01\x00vpn.test\x00",
	} {
		t.Run(kind.String(), func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				began := time.Now()
				err := connect(t, proxyOf(t, kind, "", ""), "vpn.test:443", []line{{opening, silence}})
				var ne net.Error
				if !errors.As(err, &ne) || !ne.Timeout() || time.Since(began) != Limit {
					t.Errorf("after %v: %v; want a time-out after %v", time.Since(began), err, Limit)
				}
			})
			bubbletest.Run(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				s := &scripted{t: t, scripts: [][]line{{{opening, silence}}}}
				conn, _ := s.dial(ctx)
				_, err := proxyOf(t, kind, "", "").Connect(ctx, conn, s.dial, "vpn.test:443")
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want the context's", err)
				}
				s.wg.Wait()
			})
		})
	}
}

func TestWhatNoProxyCanBeSentIsRefused(t *testing.T) {
	for _, cfg := range []Config{
		{Host: "", Port: 1},
		{Host: "p", Port: 0},
		{Host: "p", Port: 1, User: strings.Repeat("u", 256)},
		{Host: "p", Port: 1, Password: known(strings.Repeat("p", 256))},
		{Host: "p", Port: 1, User: "a\r\nX: y"},
		{Host: "p", Port: 1, Password: known("a\x00")},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%q:%d, user %q was taken", cfg.Host, cfg.Port, cfg.User)
		}
	}
	for _, target := range []string{"", "vpn.test", ":443", "vpn.test:", "vpn.test:99999", "a b:443", "a\r\n:443", strings.Repeat("a", 256) + ":443"} {
		s := &scripted{t: t, scripts: [][]line{{}}}
		conn, _ := s.dial(t.Context())
		if _, err := proxyOf(t, HTTP, "", "").Connect(t.Context(), conn, s.dial, target); err == nil {
			t.Errorf("target %q was taken", target)
		}
		s.wg.Wait()
	}
	p := proxyOf(t, HTTP, "joe", "secret")
	if text := p.String() + p.GoString(); strings.Contains(text, "secret") {
		t.Error("the password is printed")
	}
}
