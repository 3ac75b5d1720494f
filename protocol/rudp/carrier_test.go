// SPDX-License-Identifier: Apache-2.0

package rudp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol/rudp"
	"network-manager-softether/protocol/rudp/rudptest"
)

var kinds = []string{"udp", "dns", "icmp"}

// listen returns a listener of that kind, and how to dial it.
func listen(t testing.TB, kind string) (*rudptest.Listener, func(context.Context) (net.Conn, error)) {
	t.Helper()
	l, err := rudptest.Listen(kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, func(ctx context.Context) (net.Conn, error) {
		switch kind {
		case "dns":
			return rudp.DialDNSPort(ctx, l.AddrPort())
		case "icmp":
			return rudp.DialICMP(ctx, l.AddrPort().Addr())
		}
		return rudp.DialUDP(ctx, l.AddrPort())
	}
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// Each carrier takes bytes both ways, through real sockets.
func TestCarriers(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			l, dial := listen(t, kind)
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						io.Copy(c, c)
						c.Close()
					}()
				}
			}()
			for range 2 { // two at a time, side by side
				c, err := dial(within(t, leaktest.Patience))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				c.SetDeadline(time.Now().Add(leaktest.Patience))
				data := make([]byte, 300_000)
				rand.Read(data)
				go c.Write(data)
				got := make([]byte, len(data))
				if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data) {
					t.Errorf("the echo differs: %v", err)
				}
				if c.LocalAddr() == nil || c.RemoteAddr() == nil {
					t.Error("no addresses")
				}
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			l, dial := listen(t, kind)
			l.Close()
			began := time.Now()
			limit, want := time.Minute, error(syscall.ECONNREFUSED) // the kernel says so
			if kind == "icmp" {
				limit, want = 400*time.Millisecond, context.DeadlineExceeded
			}
			c, err := dial(within(t, limit))
			if c != nil || !errors.Is(err, want) || time.Since(began) > 30*time.Second {
				t.Errorf("after %v: %v, %v; want %v", time.Since(began), c, err, want)
			}
		})
	}
}

func TestOnlyIPv4(t *testing.T) {
	six := netip.MustParseAddr("2001:db8::1")
	ctx := within(t, time.Second)
	for kind, dial := range map[string]func() (net.Conn, error){
		"udp":  func() (net.Conn, error) { return rudp.DialUDP(ctx, netip.AddrPortFrom(six, 1)) },
		"dns":  func() (net.Conn, error) { return rudp.DialDNS(ctx, six) },
		"icmp": func() (net.Conn, error) { return rudp.DialICMP(ctx, six) },
	} {
		if c, err := dial(); c != nil || !errors.Is(err, rudp.ErrNotIPv4) {
			t.Errorf("%s: %v, %v", kind, c, err)
		}
	}
}
