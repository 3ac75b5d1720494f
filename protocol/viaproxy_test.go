// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol"
	"network-manager-softether/protocol/proxy"
	. "network-manager-softether/protocol/softethertest"
)

// A hop is an HTTP proxy that knows where names lead.
type hop struct {
	ln    net.Listener
	names map[string]string // host:port as asked for: address
	wg    sync.WaitGroup

	mu    sync.Mutex
	asked []string
	conns []net.Conn
}

// startHop runs a proxy for the test.
func startHop(t *testing.T, names map[string]string) *hop {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hop{ln: ln, names: names}
	h.wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			h.keep(conn)
			h.wg.Go(func() { h.serve(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		h.mu.Lock()
		for _, c := range h.conns {
			c.Close()
		}
		h.mu.Unlock()
		h.wg.Wait()
	})
	return h
}

func (h *hop) keep(c net.Conn) {
	h.mu.Lock()
	h.conns = append(h.conns, c)
	h.mu.Unlock()
}

func (h *hop) serve(conn net.Conn) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	h.mu.Lock()
	h.asked = append(h.asked, req.Method+" "+req.Host)
	h.mu.Unlock()
	switch req.Header.Get("Proxy-Authorization") {
	case "":
		io.WriteString(conn, "HTTP/1.1 407 Who are you?\r\nProxy-Authenticate: Basic\r\n\r\n")
		return
	case "Basic am9lOnNlY3JldA==":
	default:
		io.WriteString(conn, "HTTP/1.1 407 Not you\r\nProxy-Authenticate: Basic\r\n\r\n")
		return
	}
	addr, ok := h.names[req.Host]
	var server net.Conn
	if ok {
		server, err = net.Dial("tcp", addr)
	}
	if !ok || err != nil {
		io.WriteString(conn, "HTTP/1.1 503 Not found\r\n\r\n")
		return
	}
	h.keep(server)
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	h.wg.Go(func() { io.Copy(server, conn); server.(*net.TCPConn).CloseWrite() })
	io.Copy(conn, server)
}

// cut closes every connection, as a proxy that is restarted.
func (h *hop) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		c.Close()
	}
}

func (h *hop) targets() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.asked)
}

// proxy returns the hop for a Config.
func (h *hop) proxy(t *testing.T, password string) *proxy.Proxy {
	t.Helper()
	addr := netip.MustParseAddrPort(h.ln.Addr().String())
	p, err := proxy.New(proxy.Config{Kind: proxy.HTTP, Host: "proxy.test", Port: addr.Port(), User: "joe", Password: func() []byte { return []byte(password) }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// proxyOnly is a resolver that knows the proxy, and must not be asked for anything else.
type proxyOnly struct{ t *testing.T }

func (r proxyOnly) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if host != "proxy.test" {
		r.t.Errorf("%s was looked up here", host)
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// behind makes cfg go to vpn.test:443 through h.
func (h *hop) behind(t *testing.T, cfg *protocol.Config, password string) *protocol.Config {
	cfg.Host, cfg.Port = "vpn.test", 443
	cfg.Trust = protocol.Trust{Mode: protocol.TrustAny} // the certificate is for 127.0.0.1
	cfg.Proxy, cfg.Resolver = h.proxy(t, password), proxyOnly{t}
	cfg.UDP = protocol.UDPYes
	return cfg
}

func TestThroughAProxy(t *testing.T) {
	member := start(t, AsMember(), WithHandler(Echo), WithTimeout(15*time.Second))
	controller := start(t, WithRedirect(&Redirect{To: member, Addr: netip.MustParseAddr("192.0.2.7"), Ports: []uint32{992, 443}}))
	h := startHop(t, map[string]string{"vpn.test:443": controller.Addr(), "192.0.2.7:443": member.Addr()})
	cfg := h.behind(t, alice(controller), "secret")
	cfg.HostInfo = &protocol.HostInfo{Hostname: "here"}
	events := watch(cfg)
	s := dial(t, cfg)
	got := collect(s)
	echoes(t, s, got)
	want := []string{"CONNECT vpn.test:443", "CONNECT vpn.test:443", "CONNECT 192.0.2.7:443"} // without and with credentials
	if diff := cmp.Diff(want, h.targets()); diff != "" {
		t.Errorf("the proxy was asked for (-want +got):\n%s", diff)
	}
	if addr := s.Info().ServerAddr.String(); addr != h.ln.Addr().String() {
		t.Errorf("ServerAddr is %s, want the proxy's, %v: routes are made from it", addr, h.ln.Addr())
	}
	p := controller.Logins()[0]
	if p.Bool("use_udp_acceleration") {
		t.Error("UDP acceleration was asked for: it would go around the proxy")
	}
	if port := bits.ReverseBytes32(p.Int("ServerPort2")); port != 443 {
		t.Errorf("the server's port is told as %d", port)
	}

	h.cut()
	expect[protocol.Detached](t, s, events)
	if e := expect[protocol.Reattached](t, s, events); e.Addr.String() != h.ln.Addr().String() {
		t.Errorf("re-attached at %v, want the proxy's address", e.Addr)
	}
	for len(got) > 0 {
		<-got
	}
	echoes(t, s, got)
	if all := h.targets(); all[len(all)-1] != "CONNECT 192.0.2.7:443" {
		t.Errorf("re-attached to %s, want the member", all[len(all)-1])
	}
}

func TestWhatGoesWrongAtAProxy(t *testing.T) {
	srv := start(t, WithAddr("127.0.0.1:0")) // where proxy.test is, too
	h := startHop(t, map[string]string{"vpn.test:443": srv.Addr()})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, tt := range []struct {
		name   string
		change func(*protocol.Config)
		reason proxy.Reason
		code   protocol.ErrorCode
	}{
		{"wrong password", func(c *protocol.Config) { c.Proxy = h.proxy(t, "typo") }, proxy.Denied, protocol.CodeProxyAuthFailed},
		{"unknown server", func(c *protocol.Config) { c.Host = "other.test" }, proxy.NoTarget, protocol.CodeConnectFailed},
		{"nobody there", func(c *protocol.Config) {
			addr := netip.MustParseAddrPort(closed.Addr().String())
			c.Proxy, _ = proxy.New(proxy.Config{Kind: proxy.SOCKS5, Host: "proxy.test", Port: addr.Port()})
		}, proxy.Unreachable, protocol.CodeProxyUnreachable},
		{"another kind", func(c *protocol.Config) {
			addr := netip.MustParseAddrPort(srv.Addr())
			c.Proxy, _ = proxy.New(proxy.Config{Kind: proxy.HTTP, Host: "proxy.test", Port: addr.Port()})
		}, proxy.Failed, protocol.CodeProxyError},
		{"unknown proxy", func(c *protocol.Config) { c.Resolver = nobody{} }, proxy.Unreachable, protocol.CodeProxyUnreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := h.behind(t, alice(srv), "secret")
			tt.change(cfg)
			s, err := protocol.Dial(t.Context(), cfg)
			if err == nil {
				s.Close()
			}
			var e *proxy.Error
			if !errors.As(err, &e) || e.Reason != tt.reason {
				t.Fatalf("error %v, want reason %d", err, tt.reason)
			}
			kind, retry := protocol.Classify(err)
			if kind != tt.code.Kind() || retry != tt.code.Retry() || protocol.Hint(err) != tt.code.Text() {
				t.Errorf("classified as %v, retry %v, hint %q; want code %d", kind, retry, protocol.Hint(err), tt.code)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, *cfg, cfg.Proxy); strings.Contains(text, "secret") || strings.Contains(text, "typo") {
				t.Error("a password is printed")
			}
		})
	}
}

// nobody is a resolver that knows no name.
type nobody struct{}

func (nobody) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}
