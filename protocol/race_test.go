// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/bubbletest"
)

// wires is a Dialer for addresses that behave as told, and keeps a diary.
type wires struct {
	began time.Time
	how   map[string]func(ctx context.Context) error // by IP; nil error: connected

	mu     sync.Mutex
	diary  []string
	opened int
	closed int
}

type countedConn struct {
	net.Conn
	w *wires
}

func (c countedConn) Close() error {
	c.w.mu.Lock()
	c.w.closed++
	c.w.mu.Unlock()
	return nil
}

func (w *wires) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	ip := netip.MustParseAddrPort(address).Addr().String()
	w.mu.Lock()
	w.diary = append(w.diary, fmt.Sprintf("%v %s", time.Since(w.began), ip))
	w.mu.Unlock()
	if err := w.how[ip](ctx); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.opened++
	w.mu.Unlock()
	return countedConn{w: w}, nil
}

func answersAfter(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ignoresCancel connects even when it has been cancelled.
func ignoresCancel(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return nil }
}

func refuses(context.Context) error { return syscall.ECONNREFUSED }

func silent(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestRace(t *testing.T) {
	type how = map[string]func(context.Context) error
	for _, tt := range []struct {
		name  string
		how   how
		addrs []string
		limit time.Duration // of the caller; 0: none
		want  string
		diary []string
		err   []error
		took  time.Duration
	}{
		{
			"first answers",
			how{"::1": answersAfter(10 * time.Millisecond)},
			[]string{"::1", "192.0.2.1"},
			0,
			"::1",
			[]string{"0s ::1"},
			nil, 10 * time.Millisecond,
		},
		{
			"dead IPv6 costs 250 ms",
			how{"::1": silent, "192.0.2.1": answersAfter(20 * time.Millisecond)},
			[]string{"::1", "192.0.2.1"},
			0,
			"192.0.2.1",
			[]string{"0s ::1", "250ms 192.0.2.1"},
			nil, 270 * time.Millisecond,
		},
		{
			"refusal costs nothing",
			how{"::1": refuses, "192.0.2.1": answersAfter(0)},
			[]string{"::1", "192.0.2.1"},
			0,
			"192.0.2.1",
			[]string{"0s ::1", "0s 192.0.2.1"},
			nil, 0,
		},
		{
			"slow one still wins over dead ones",
			how{"::1": answersAfter(900 * time.Millisecond), "192.0.2.1": silent, "192.0.2.2": silent},
			[]string{"::1", "192.0.2.1", "192.0.2.2"},
			0,
			"::1",
			[]string{"0s ::1", "250ms 192.0.2.1", "500ms 192.0.2.2"},
			nil, 900 * time.Millisecond,
		},
		{
			"loser is closed",
			how{"::1": ignoresCancel(300 * time.Millisecond), "192.0.2.1": answersAfter(10 * time.Millisecond)},
			[]string{"::1", "192.0.2.1"},
			0,
			"192.0.2.1",
			[]string{"0s ::1", "250ms 192.0.2.1"},
			nil, 300 * time.Millisecond,
		},
		{
			"all refuse",
			how{"::1": refuses, "192.0.2.1": refuses},
			[]string{"::1", "192.0.2.1"},
			0,
			"",
			[]string{"0s ::1", "0s 192.0.2.1"},
			[]error{ErrUnreachable, syscall.ECONNREFUSED},
			0,
		},
		{
			"all silent",
			how{"::1": silent, "192.0.2.1": silent},
			[]string{"::1", "192.0.2.1"},
			0,
			"",
			[]string{"0s ::1", "250ms 192.0.2.1"},
			[]error{ErrUnreachable, ErrTimeout},
			10250 * time.Millisecond,
		},
		{
			"caller's deadline",
			how{"::1": silent, "192.0.2.1": silent},
			[]string{"::1", "192.0.2.1"},
			time.Second,
			"",
			[]string{"0s ::1", "250ms 192.0.2.1"},
			[]error{ErrTimeout, context.DeadlineExceeded},
			time.Second,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				w := &wires{began: time.Now(), how: tt.how}
				s := &dialer{Config: Config{Host: "vpn.example", Port: 443, Dialer: w}, timing: defaultTiming}
				var list []netip.AddrPort
				for _, a := range addrs(tt.addrs...) {
					list = append(list, netip.AddrPortFrom(a, 443))
				}
				ctx := t.Context()
				if tt.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.limit)
					defer cancel()
				}
				conn, addr, err := s.race(ctx, targets{list: list})
				for _, want := range tt.err {
					if !errors.Is(err, want) {
						t.Errorf("error %v, want %v", err, want)
					}
				}
				if tt.err == nil && (err != nil || addr.Addr().String() != tt.want) {
					t.Errorf("connected to %v, %v, want %s", addr, err, tt.want)
				}
				if got := time.Since(w.began); got != tt.took {
					t.Errorf("took %v, want %v", got, tt.took)
				}
				if diff := cmp.Diff(tt.diary, w.diary); diff != "" {
					t.Errorf("unexpected attempts (-want +got):\n%s", diff)
				}
				if conn != nil {
					conn.Close()
				}
				if w.opened != w.closed {
					t.Errorf("%d connections opened, %d closed", w.opened, w.closed)
				}
			})
		})
	}
}

// Several connections may come about at the same moment, before anybody can be told to stop.
func TestRaceClosesWhoeverComesSecond(t *testing.T) {
	for range 50 { // which of two events is noticed first is random
		bubbletest.Run(t, func(t *testing.T) {
			const together = time.Second
			w := &wires{began: time.Now(), how: map[string]func(context.Context) error{}}
			s := &dialer{Config: Config{Host: "vpn.example", Port: 443, Dialer: w}, timing: defaultTiming}
			var list []netip.AddrPort
			for i, a := range addrs("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4") {
				w.how[a.String()] = ignoresCancel(together - time.Duration(i)*s.timing.stagger)
				list = append(list, netip.AddrPortFrom(a, 443))
			}
			conn, _, err := s.race(t.Context(), targets{list: list})
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			if w.opened != len(list) || w.closed != len(list) {
				t.Errorf("%d connections opened, %d closed, want %d", w.opened, w.closed, len(list))
			}
		})
	}
}
