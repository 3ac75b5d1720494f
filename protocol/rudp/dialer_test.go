// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
)

// A plan says what becomes of each way: when, and how. Ways that are not in it
// hang until they are told to stop.
type plan map[Way]struct {
	takes time.Duration
	err   error
}

// A field is a Dialer that follows a plan, and what it has done.
type field struct {
	Dialer
	mu     sync.Mutex
	began  map[Way]time.Duration
	open   map[Way]bool
	opened []Way
}

type fakeConn struct {
	net.Conn
	f   *field
	way Way
}

func (c *fakeConn) RemoteAddr() net.Addr { return &net.TCPAddr{} }

func (c *fakeConn) Close() error {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	delete(c.f.open, c.way)
	return nil
}

func newField(p plan, use ...Way) *field {
	start := time.Now()
	f := &field{began: map[Way]time.Duration{}, open: map[Way]bool{}}
	f.Ways = use
	f.dial = func(ctx context.Context, w Way, _ netip.AddrPort) (net.Conn, error) {
		f.mu.Lock()
		f.began[w] = time.Since(start)
		f.mu.Unlock()
		d, ok := p[w]
		if !ok {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if err := sleep(ctx, d.takes); err != nil {
			return nil, err
		}
		if d.err != nil {
			return nil, d.err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.open[w] = true
		f.opened = append(f.opened, w)
		return &fakeConn{f: f, way: w}, nil
	}
	return f
}

var errNo = errors.New("no")

func TestDialerInTheOfficialOrder(t *testing.T) {
	const ms = time.Millisecond
	type r = struct {
		takes time.Duration
		err   error
	}
	for _, tt := range []struct {
		name string
		plan plan
		use  []Way
		addr string
		want Way
		in   time.Duration
	}{
		{"TCP is there", plan{TCP: r{5 * ms, nil}, UDP: r{5 * ms, nil}}, nil, "", TCP, 5 * ms},
		{"TCP is slow", plan{TCP: r{350 * ms, nil}, UDP: r{20 * ms, nil}, DNS: r{20 * ms, nil}}, nil, "", TCP, 350 * ms},
		{"TCP is closed", plan{TCP: r{5 * ms, errNo}, UDP: r{20 * ms, nil}, DNS: r{0, nil}}, nil, "", UDP, 50 * ms},
		{"TCP is silent", plan{UDP: r{20 * ms, nil}}, nil, "", UDP, 400 * ms},
		{"only DNS gets out", plan{DNS: r{20 * ms, nil}, UDP: r{10 * ms, errNo}}, nil, "", DNS, lastResort},
		{"only ICMP gets out, TCP is rejected", plan{TCP: r{5 * ms, errNo}, UDP: r{10 * ms, errNo}, DNS: r{0, errNo}, ICMP: r{20 * ms, nil}}, nil, "", ICMP, 220 * ms},
		{"nothing works", plan{TCP: r{5 * ms, errNo}, UDP: r{10 * ms, errNo}, DNS: r{0, errNo}, ICMP: r{20 * ms, errNo}}, nil, "", ways, 220 * ms},
		{"nothing answers", plan{}, nil, "", ways, 8 * time.Second},
		{"only ICMP is allowed", plan{ICMP: r{0, nil}}, []Way{ICMP}, "", ICMP, 200 * ms},
		{"an IPv6 address", plan{TCP: r{time.Second, nil}, UDP: r{0, nil}}, nil, "[2001:db8::1]:443", TCP, time.Second},
		{"an IPv6 address without TCP", plan{UDP: r{0, nil}}, []Way{UDP}, "[2001:db8::1]:443", ways, 0},
		{"this computer", plan{TCP: r{0, errNo}, DNS: r{0, nil}}, nil, "127.0.0.1:443", DNS, 100 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				f := newField(tt.plan, tt.use...)
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				began := time.Now()
				if tt.addr == "" {
					tt.addr = "203.0.113.5:443"
				}
				c, err := f.DialContext(ctx, "tcp", tt.addr)
				if d := time.Since(began); d != tt.in {
					t.Errorf("took %v, want %v", d, tt.in)
				}
				synctest.Wait()
				if tt.want == ways {
					if c != nil || err == nil || len(f.open) > 0 {
						t.Fatalf("%v, %v; open: %v", c, err, f.open)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := c.(*fakeConn).way; got != tt.want {
					t.Errorf("took %v, want %v", got, tt.want)
				}
				if len(f.open) != 1 || !f.open[tt.want] {
					t.Errorf("still open: %v", f.open)
				}
				for w, at := range f.began {
					if at != begins[w] {
						t.Errorf("%v begins at %v, want %v", w, at, begins[w])
					}
				}
			})
		})
	}
}

func TestDialerSaysWhyEachWayFailed(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		other := errors.New("other")
		f := newField(plan{TCP: {0, errNo}, UDP: {0, ErrServerUnknown}, DNS: {0, other}, ICMP: {0, ErrNoPrivilege}})
		_, err := f.DialContext(t.Context(), "tcp", "203.0.113.5:443")
		for _, want := range []error{errNo, ErrServerUnknown, other, ErrNoPrivilege} {
			if !errors.Is(err, want) {
				t.Errorf("%v does not tell %v", err, want)
			}
		}
	})
}

// A dial that is given up says that there was no answer, not that somebody cancelled.
func TestDialerGivesUp(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		f := newField(plan{}, DNS, ICMP)
		began := time.Now()
		_, err := f.DialContext(t.Context(), "tcp", "203.0.113.5:443")
		if !errors.Is(err, ErrNoAnswer) || errors.Is(err, context.Canceled) || time.Since(began) != lastResort {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestDialerIsCancelled(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		f := newField(plan{DNS: {0, nil}}) // succeeds, but TCP may still come
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if c, err := f.DialContext(ctx, "tcp", "203.0.113.5:443"); c != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", c, err)
		}
		synctest.Wait()
		if !slices.Equal(f.opened, []Way{DNS}) || len(f.open) > 0 {
			t.Errorf("opened %v, still open %v", f.opened, f.open)
		}
	})
}

func TestDialerRefusesNames(t *testing.T) {
	if c, err := new(Dialer).DialContext(t.Context(), "tcp", "vpn.example.org:443"); c != nil || err == nil {
		t.Errorf("%v, %v", c, err)
	}
}

// With real sockets: a TCP listener that is there is taken.
func TestDialerTakesTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := new(Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, ok := c.(*net.TCPConn); !ok {
		t.Errorf("got a %T", c)
	}
}
