// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
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

func TestSOCKS5(t *testing.T) {
	const (
		open    = "\x05\x01\x00"
		both    = "\x05\x02\x00\x02"
		login   = "\x01\x03joe\x06secret"
		byName  = "\x05\x01\x00\x03\x08vpn.test\x01\xbb"
		granted = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	)
	for _, tt := range []struct {
		name, user, target string
		script             []line
		reason             Reason
		text               string // in the error; empty: success
	}{
		{"name", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, granted}}, 0, ""},
		{"IPv4", "", "192.0.2.1:443", []line{{open, "\x05\x00"}, {"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb", granted}}, 0, ""},
		{"IPv6", "", "[2001:db8::1]:443", []line{{open, "\x05\x00"}, {"\x05\x01\x00\x04\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\x01\xbb", granted}}, 0, ""},
		{"bound to a name", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x00\x00\x03\x04abcd\x00\x01"}}, 0, ""},
		{"bound to IPv6", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x00\x00\x04" + strings.Repeat("\x00", 18)}}, 0, ""},
		{"password", "joe", "vpn.test:443", []line{{both, "\x05\x02"}, {login, "\x01\x00"}, {byName, granted}}, 0, ""},
		{"password, answered as some do", "joe", "vpn.test:443", []line{{both, "\x05\x02"}, {login, "\x05\x00"}, {byName, granted}}, 0, ""},
		{"password offered, not wanted", "joe", "vpn.test:443", []line{{both, "\x05\x00"}, {byName, granted}}, 0, ""},
		{"password refused", "joe", "vpn.test:443", []line{{both, "\x05\x02"}, {login, "\x01\x01"}}, Denied, "refuses user name or password"},
		{"password wanted", "", "vpn.test:443", []line{{open, "\x05\xff"}}, Denied, "there is no proxy user"},
		{"neither", "joe", "vpn.test:443", []line{{both, "\x05\xff"}}, Denied, "takes neither"},
		{"not offered", "", "vpn.test:443", []line{{open, "\x05\x02"}}, Failed, "not offered"},
		{"not SOCKS", "", "vpn.test:443", []line{{open, "HT"}}, Failed, "is it a SOCKS5 proxy"},
		{"not SOCKS later", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "HTTP"}}, Failed, "is it a SOCKS5 proxy"},
		{"hangs up", "", "vpn.test:443", []line{{open, hangUp}}, Failed, "hung up"},
		{"hangs up in the middle", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, granted[:7]}}, Failed, ""},
		{"by rule", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x02\x00\x01"}}, Failed, "rules"},
		{"server refuses", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x05\x00\x01"}}, NoTarget, "connection refused"},
		{"server unreachable", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x04\x00\x01"}}, NoTarget, "host unreachable"},
		{"unknown reply", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x63\x00\x01"}}, Failed, "reply 99"},
		{"unknown address", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x00\x00\x02"}}, Failed, "type 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "hangs up in the middle" {
				tt.script = append(tt.script, line{"", hangUp})
				tt.text = "hung up"
			}
			wantReason(t, connect(t, proxyOf(t, SOCKS5, tt.user, "secret"), tt.target, tt.script), tt.reason, tt.text)
		})
	}
}

// names is a resolver that knows one name.
type names struct{}

func (names) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	if network != "ip4" || host != "vpn.test" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
}

func TestSOCKS4(t *testing.T) {
	const (
		byAddr   = "\x04\x01\x01\xbb\xc0\x00\x02\x01joe\x00"
		byName   = "\x04\x01\x01\xbb\x00\x00\x00\x01joe\x00vpn.test\x00"
		granted  = "\x00\x5a\x00\x00\x00\x00\x00\x00"
		rejected = "\x00\x5b\x00\x00\x00\x00\x00\x00"
	)
	for _, tt := range []struct {
		name, target string
		resolver     Resolver
		scripts      [][]line
		reason       Reason
		text         string
	}{
		{"address", "192.0.2.1:443", nil, [][]line{{{byAddr, granted}}}, 0, ""},
		{"name, by 4a", "vpn.test:443", names{}, [][]line{{{byName, granted}}}, 0, ""},
		{"name, to a proxy without 4a", "vpn.test:443", names{}, [][]line{{{byName, rejected}}, {{byAddr, granted}}}, 0, ""},
		{"name, and nobody here knows it", "vpn.test:443", nil, [][]line{{{byName, rejected}}}, NoTarget, "rejected or failed"},
		{"both rejected", "vpn.test:443", names{}, [][]line{{{byName, rejected}}, {{byAddr, rejected}}}, NoTarget, "rejected or failed"},
		{"identd", "192.0.2.1:443", nil, [][]line{{{byAddr, "\x00\x5d\x00\x00\x00\x00\x00\x00"}}}, Denied, "identd"},
		{"unknown", "192.0.2.1:443", nil, [][]line{{{byAddr, "\x00\x01\x00\x00\x00\x00\x00\x00"}}}, Failed, "answer 1"},
		{"not SOCKS", "192.0.2.1:443", nil, [][]line{{{byAddr, "HTTP/1.1"}}}, Failed, "is it a SOCKS4 proxy"},
		{"hangs up", "192.0.2.1:443", nil, [][]line{{{byAddr, hangUp}}}, Failed, "hung up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(Config{Kind: SOCKS4, Host: "proxy.test", Port: 1080, User: "joe", Resolver: tt.resolver})
			if err != nil {
				t.Fatal(err)
			}
			wantReason(t, connect(t, p, tt.target, tt.scripts...), tt.reason, tt.text)
		})
	}
	s := &scripted{t: t, scripts: [][]line{{}}}
	conn, _ := s.dial(t.Context())
	_, err := proxyOf(t, SOCKS4, "", "").Connect(t.Context(), conn, s.dial, "[2001:db8::1]:443")
	wantReason(t, err, Failed, "cannot carry the IPv6 address")
	s.wg.Wait()
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
