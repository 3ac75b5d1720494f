// SPDX-License-Identifier: Apache-2.0

package rudp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/rudp"
	"network-manager-softether/protocol/rudp/rudptest"
)

var public = netip.MustParseAddr("203.0.113.5")

// meet starts a rendezvous server that knows the listener as public.
func meet(t *testing.T, l *rudptest.Listener, change func(*rudptest.Rendezvous)) *rudptest.Rendezvous {
	t.Helper()
	r := &rudptest.Rendezvous{Servers: map[netip.Addr]netip.AddrPort{public: l.AddrPort()}}
	if change != nil {
		change(r)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// echoes reports whether what is written comes back, from an echoing listener.
func echoes(t *testing.T, l *rudptest.Listener, c net.Conn) {
	t.Helper()
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(s, s)
	c.SetDeadline(time.Now().Add(leaktest.Patience))
	b := make([]byte, 5)
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
		t.Errorf("got %q back, %v", b, err)
	}
}

func TestTraversal(t *testing.T) {
	for name, change := range map[string]func(*rudptest.Rendezvous){
		"found":           nil,
		"a cookie first":  func(r *rudptest.Rendezvous) { r.Cookie = 99 },
		"a request lost":  func(r *rudptest.Rendezvous) { r.Lose = 1 },
		"on the same LAN": func(r *rudptest.Rendezvous) { r.SameLAN = true },
		"with the hint": func(r *rudptest.Rendezvous) {
			r.Hinted = map[string]netip.AddrPort{"branch": r.Servers[public]}
			r.Servers = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := listen(t, "udp")
			r := meet(t, l, change)
			tr := rudp.Traversal{Rendezvous: r.AddrPort(), Hint: "branch", Host: "vpn.example.org"}
			c, err := tr.Dial(within(t, leaktest.Patience), public)
			if err != nil {
				t.Fatal(err)
			}
			echoes(t, l, c)
		})
	}
}

// The server's NAT has given it another port for us than for the rendezvous
// server; its punch shows which.
func TestServersPortMoves(t *testing.T) {
	l, _ := listen(t, "udp")
	r := meet(t, l, func(r *rudptest.Rendezvous) {
		r.Servers[public] = netip.AddrPortFrom(l.AddrPort().Addr(), 9) // nobody there
		r.Before = func(client netip.AddrPort) {
			time.AfterFunc(300*time.Millisecond, func() { l.Punch(client) })
		}
	})
	tr := rudp.Traversal{Rendezvous: r.AddrPort()}
	c, err := tr.Dial(within(t, leaktest.Patience), public)
	if err != nil {
		t.Fatal(err)
	}
	if c.RemoteAddr().String() != l.Addr().String() {
		t.Errorf("connected to %v, want %v", c.RemoteAddr(), l.Addr())
	}
	echoes(t, l, c)
}

// The server does not punch, or its punch is lost: it is asked for another one.
func TestPunchIsAskedForAgain(t *testing.T) {
	l, _ := listen(t, "udp")
	var asked atomic.Int32
	r := meet(t, l, func(r *rudptest.Rendezvous) {
		r.Servers[public] = netip.AddrPortFrom(l.AddrPort().Addr(), 9) // nobody there
		r.Before = func(client netip.AddrPort) {
			if asked.Add(1) == 2 {
				l.Punch(client)
			}
		}
	})
	tr := rudp.Traversal{Rendezvous: r.AddrPort()}
	c, err := tr.Dial(within(t, leaktest.Patience), public)
	if err != nil {
		t.Fatal(err)
	}
	before := asked.Load()
	if before < 2 {
		t.Errorf("the rendezvous server was asked %d times", before)
	}
	time.Sleep(2 * time.Second)
	if n := asked.Load(); n != before {
		t.Errorf("the rendezvous server is asked %d times more, though there was an answer", n-before)
	}
	echoes(t, l, c)
}

func TestTraversalFails(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*rudptest.Rendezvous)
		want   error
	}{
		"unknown":         {func(r *rudptest.Rendezvous) { r.Servers = nil }, rudp.ErrServerUnknown},
		"several":         {func(r *rudptest.Rendezvous) { r.Servers = nil; r.Hinted = map[string]netip.AddrPort{"x": {}} }, rudp.ErrManyServers},
		"never an answer": {func(r *rudptest.Rendezvous) { r.Lose = 1000 }, context.DeadlineExceeded},
		"only noise": {func(r *rudptest.Rendezvous) {
			r.Answer = func(_, _ *pack.Pack) []byte { return []byte("noise") }
		}, rudp.ErrNoRendezvous},
		"nobody where it says": {func(r *rudptest.Rendezvous) {
			r.Servers[public] = netip.MustParseAddrPort("127.0.0.1:9")
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := listen(t, "udp")
			r := meet(t, l, tt.change)
			tr := rudp.Traversal{Rendezvous: r.AddrPort()}
			limit := leaktest.Patience
			if tt.want == context.DeadlineExceeded || tt.want == rudp.ErrNoRendezvous { // which is said in the end
				limit = 600 * time.Millisecond
			}
			c, err := tr.Dial(within(t, limit), public)
			if c != nil || !errors.Is(err, tt.want) {
				t.Errorf("%v, %v; want %v", c, err, tt.want)
			}
		})
	}
	t.Run("the public server has no name", func(t *testing.T) {
		tr := rudp.Traversal{Resolver: noNames{}}
		if c, err := tr.Dial(within(t, leaktest.Patience), public); c != nil || !errors.Is(err, rudp.ErrNoRendezvous) {
			t.Errorf("%v, %v", c, err)
		}
	})
}

type noNames struct{}

func (noNames) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}
