// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/internal/bubbletest"
)

// maintained runs Maintain on a lease of two hours just acquired.
func maintained(t *testing.T, ctx context.Context, c *Client, l *Lease) (changes <-chan *Lease, end <-chan error) {
	t.Helper()
	ch, done := make(chan *Lease, 8), make(chan error, 1)
	go func() { done <- c.Maintain(ctx, l, func(l *Lease) { ch <- l }) }()
	return ch, done
}

func leased() *Lease {
	return &Lease{
		Addr: netip.PrefixFrom(leasedIP, 24), Router: serverIP,
		DNS: []netip.Addr{serverIP}, Domains: []string{"corp.example"},
		Server: serverIP, ServerMAC: serverMAC,
		Duration: 2 * time.Hour, T1: time.Hour, T2: 105 * time.Minute, Acquired: time.Now(),
	}
}

func TestRenewByUnicast(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		ctx, cancel := context.WithCancel(t.Context())
		l := leased()
		changes, end := maintained(t, ctx, c, l)
		r := s.expect(dhcpv4.MessageTypeRequest)
		if got := time.Since(l.Acquired); got != l.T1 {
			t.Errorf("renews after %v, want %v", got, l.T1)
		}
		if r.udp.DstMAC != serverMAC || r.udp.Dst.Addr() != serverIP || r.udp.Src.Addr() != leasedIP || r.ClientIPAddr.String() != leasedIP.String() {
			t.Errorf("renewal goes %v -> %v (%v), ciaddr %v", r.udp.Src, r.udp.Dst, r.udp.DstMAC, r.ClientIPAddr)
		}
		// RFC 2131 4.3.2: neither the server nor the address as an option.
		if r.Options[50] != nil || r.Options[54] != nil {
			t.Errorf("renewal has option 50 %x, 54 %x", r.Options[50], r.Options[54])
		}
		s.reply(r, dhcpv4.MessageTypeAck, with(optDNS, []byte{9, 9, 9, 9}))
		next := <-changes
		if next.Equal(l) || next.DNS[0] != netip.MustParseAddr("9.9.9.9") || time.Since(next.Acquired) != 0 {
			t.Errorf("renewed lease %v of %v", next, next.Acquired)
		}
		// The renewed lease is renewed in turn, and nothing new is reported too.
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck, with(optDNS, []byte{9, 9, 9, 9}))
		if again := <-changes; !again.Equal(next) || time.Since(l.Acquired) != 2*time.Hour {
			t.Errorf("second renewal %v after %v", again, time.Since(l.Acquired))
		}
		cancel()
		if err := <-end; !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	})
}

// RFC 2131 4.4.5: half of what is left, at least a minute; first to the server,
// then to all, then it is over.
func TestSilentServer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		l := leased()
		_, end := maintained(t, t.Context(), c, l)
		var unicast, broadcast int
		var last time.Time
		for {
			select {
			case err := <-end:
				if !errors.Is(err, ErrExpired) || time.Since(l.Acquired) != l.Duration {
					t.Errorf("after %v: %v, want ErrExpired after %v", time.Since(l.Acquired), err, l.Duration)
				}
				if unicast < 3 || broadcast < 3 {
					t.Errorf("%d renewals, %d rebindings: not enough", unicast, broadcast)
				}
				if unicast+broadcast > 25 {
					t.Errorf("%d renewals, %d rebindings: too many", unicast, broadcast)
				}
				return
			case frame := <-s.port.Sent():
				u, _ := packet.ParseUDP(frame)
				if u.DstMAC == packet.Broadcast {
					if broadcast == 0 && time.Since(l.Acquired) != l.T2 {
						t.Errorf("rebinds after %v, want %v", time.Since(l.Acquired), l.T2)
					}
					broadcast++
				} else {
					unicast++
					if !last.IsZero() && time.Since(last) < 54*time.Second {
						t.Errorf("renewals %v apart", time.Since(last))
					}
					last = time.Now()
				}
			}
		}
	})
}

// The shortest lease still gets more than one try at each step.
func TestShortLeaseIsTriedMoreThanOnce(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		l := leased()
		l.Duration, l.T1, l.T2 = 10*time.Second, 5*time.Second, 8750*time.Millisecond
		_, end := maintained(t, t.Context(), c, l)
		if err := <-end; !errors.Is(err, ErrExpired) {
			t.Error(err)
		}
		if n := len(s.port.Sent()); n < 4 || n > 12 {
			t.Errorf("%d requests in 5 s", n)
		}
	})
}

func TestRebindToAnotherServer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		l := leased()
		changes, _ := maintained(t, t.Context(), c, l)
		other := with(optServerID, []byte{192, 168, 30, 2})
		r := s.expect(dhcpv4.MessageTypeRequest)
		s.reply(r, dhcpv4.MessageTypeAck, other) // not asked yet
		s.reply(r, dhcpv4.MessageTypeNak, other)
		for r.udp.DstMAC != packet.Broadcast {
			r = s.expect(dhcpv4.MessageTypeRequest)
		}
		if len(changes) > 0 {
			t.Errorf("another server renewed before it was asked: %v", <-changes)
		}
		s.reply(r, dhcpv4.MessageTypeAck, other)
		next := <-changes
		if next.Server != netip.MustParseAddr("192.168.30.2") || !next.Equal(l) {
			t.Errorf("lease after rebinding: %v", next)
		}
		if r := s.expect(dhcpv4.MessageTypeRequest); r.udp.Dst.Addr() != next.Server {
			t.Errorf("the next renewal goes to %v", r.udp.Dst)
		}
	})
}

func TestInfiniteLeaseIsLeftAlone(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		l := leased()
		l.Duration, l.T1, l.T2 = Infinite, Infinite, Infinite
		ctx, cancel := context.WithTimeout(t.Context(), 7*24*time.Hour)
		defer cancel()
		_, end := maintained(t, ctx, c, l)
		if err := <-end; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		if n := len(s.port.Sent()); n != 0 {
			t.Errorf("%d messages sent", n)
		}
	})
}

// No timer has seen the time that has passed.
func TestTimeSleptCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		slept time.Duration
		want  packet.MAC // where the first request goes
		err   error
	}{
		"past T1":     {90 * time.Minute, serverMAC, nil},
		"past T2":     {110 * time.Minute, packet.Broadcast, nil},
		"past expiry": {3 * time.Hour, packet.MAC{}, ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				s, c := newServer(t)
				began := time.Now()
				l := leased()
				l.Acquired = l.Acquired.Add(-tc.slept)
				_, end := maintained(t, t.Context(), c, l)
				if tc.err != nil {
					if err := <-end; !errors.Is(err, tc.err) {
						t.Errorf("error = %v, want %v", err, tc.err)
					}
				} else if r := s.next(); r.udp.DstMAC != tc.want {
					t.Errorf("first request goes to %v, want %v", r.udp.DstMAC, tc.want)
				}
				if d := time.Since(began); d != 0 {
					t.Errorf("noticed after %v", d)
				}
			})
		})
	}
}

func TestPortGoesAwayWhileIdle(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		_, end := maintained(t, t.Context(), c, leased())
		synctest.Wait()
		s.port.Close()
		if err := <-end; !errors.Is(err, ErrPortClosed) {
			t.Errorf("error = %v", err)
		}
	})
}
