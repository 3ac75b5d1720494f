// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/internal/bubbletest"
)

var cmpNet = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

// acquired is what Acquire returned.
type acquired struct {
	lease *Lease
	err   error
	took  time.Duration
}

func acquire(c *Client, ctx context.Context, want netip.Addr) <-chan acquired {
	done := make(chan acquired, 1)
	began := time.Now()
	go func() {
		l, err := c.Acquire(ctx, want)
		done <- acquired{l, err, time.Since(began)}
	}()
	return done
}

func TestAcquireExchange(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		c.host = "laptop"
		want := netip.MustParseAddr("192.168.30.77")
		done := acquire(c, t.Context(), want)

		d := s.expect(dhcpv4.MessageTypeDiscover)
		if d.udp.DstMAC != packet.Broadcast || d.udp.Src.Addr() != anyone || d.udp.Dst.Addr() != everyone || d.IsBroadcast() {
			t.Errorf("DISCOVER goes %v -> %v (%v), broadcast flag %v", d.udp.Src, d.udp.Dst, d.udp.DstMAC, d.IsBroadcast())
		}
		wantOpts := dhcpv4.Options{
			12: []byte("laptop"), 50: want.AsSlice(), 53: {1}, 55: requested,
			57: {5, 220}, 61: {1, 0x5e, 0, 0, 0, 0, 1},
		}
		if diff := cmp.Diff(wantOpts, d.Options); diff != "" {
			t.Errorf("DISCOVER options (-want +got)\n%s", diff)
		}
		s.reply(d, dhcpv4.MessageTypeOffer)

		r := s.expect(dhcpv4.MessageTypeRequest)
		if r.TransactionID != d.TransactionID {
			t.Error("REQUEST starts a new transaction")
		}
		wantOpts[50], wantOpts[53], wantOpts[54] = leasedIP.AsSlice(), []byte{3}, serverIP.AsSlice()
		if diff := cmp.Diff(wantOpts, r.Options); diff != "" {
			t.Errorf("REQUEST options (-want +got)\n%s", diff)
		}
		s.reply(r, dhcpv4.MessageTypeAck)

		got := <-done
		if got.err != nil {
			t.Fatal(got.err)
		}
		wantLease := &Lease{
			Addr: netip.MustParsePrefix("192.168.30.10/24"), Router: serverIP,
			DNS: []netip.Addr{serverIP}, Domains: []string{"corp.example"},
			Server: serverIP, ServerMAC: serverMAC,
			Duration: 2 * time.Hour, T1: time.Hour, T2: 105 * time.Minute, Acquired: time.Now(),
		}
		if diff := cmp.Diff(wantLease, got.lease, cmpNet); diff != "" {
			t.Errorf("lease (-want +got)\n%s", diff)
		}
	})
}

// However slow a server is, a lease takes its time and none of ours.
func TestALeaseTakesTheServersTimeAlone(t *testing.T) {
	for _, slow := range []time.Duration{0, 40 * time.Millisecond, 400 * time.Millisecond} {
		bubbletest.Run(t, func(t *testing.T) {
			s, c := newServer(t)
			done := acquire(c, t.Context(), netip.Addr{})
			d := s.expect(dhcpv4.MessageTypeDiscover)
			time.Sleep(slow)
			s.reply(d, dhcpv4.MessageTypeOffer)
			r := s.expect(dhcpv4.MessageTypeRequest)
			time.Sleep(slow)
			s.reply(r, dhcpv4.MessageTypeAck)
			if got := <-done; got.err != nil || got.took != 2*slow {
				t.Errorf("it took %v of which the server %v, %v", got.took, 2*slow, got.err)
			}
		})
	}
}

func TestNothingIsSaidAboutTheComputerUnasked(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := acquire(c, ctx, netip.Addr{})
		d := s.expect(dhcpv4.MessageTypeDiscover)
		for _, o := range []uint8{12, 50, 54, 60, 81} {
			if v, there := d.Options[o]; there {
				t.Errorf("option %d = %x sent", o, v)
			}
		}
		cancel()
		if got := <-done; !errors.Is(got.err, context.Canceled) {
			t.Errorf("error = %v, want context.Canceled", got.err)
		}
	})
}

// A lost packet costs half a second, silence few broadcasts, and the flag that
// asks for broadcast answers comes with the third try.
func TestDiscoverIsSentAgain(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		done := acquire(c, ctx, netip.Addr{})
		began := time.Now()
		last := began
		xid := s.expect(dhcpv4.MessageTypeDiscover).TransactionID
		for i, pause := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second} {
			d := s.expect(dhcpv4.MessageTypeDiscover)
			if got := d.at.Sub(last); !near(got, pause) {
				t.Errorf("pause %d is %v, want about %v", i+1, got, pause)
			}
			if d.TransactionID != xid || d.IsBroadcast() != (i >= 1) || time.Duration(d.NumSeconds) != d.at.Sub(began)/time.Second {
				t.Errorf("try %d: transaction %v, broadcast %v, seconds %d", i+2, d.TransactionID, d.IsBroadcast(), d.NumSeconds)
			}
			last = d.at
		}
		got := <-done
		if !errors.Is(got.err, ErrNoAnswer) || !strings.Contains(got.err.Error(), "SecureNAT") || got.took != 30*time.Second {
			t.Errorf("after %v: %v, want ErrNoAnswer after 30s", got.took, got.err)
		}
	})
}

func TestAcquireEndsWithoutADeadline(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		_, c := newServer(t)
		got := <-acquire(c, context.Background(), netip.Addr{})
		if !errors.Is(got.err, ErrNoAnswer) || got.took != defaultPatience {
			t.Errorf("after %v: %v", got.took, got.err)
		}
	})
}

func TestPortGoesAway(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		done := acquire(c, t.Context(), netip.Addr{})
		s.expect(dhcpv4.MessageTypeDiscover)
		s.port.Close()
		if got := <-done; !errors.Is(got.err, ErrPortClosed) {
			t.Errorf("error = %v", got.err)
		}
	})
}

func TestBadConfig(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no MAC":      {},
		"long MAC":    {MAC: make([]byte, 8)},
		"short id":    {MAC: clientMAC.HardwareAddr(), ClientID: []byte{1}},
		"long id":     {MAC: clientMAC.HardwareAddr(), ClientID: make([]byte, 256)},
		"long a name": {MAC: clientMAC.HardwareAddr(), Hostname: strings.Repeat("a", 256)},
	} {
		c := New(nil, cfg)
		if _, err := c.Acquire(t.Context(), netip.Addr{}); err == nil {
			t.Errorf("%s: Acquire does not complain", name)
		}
		if err := c.Maintain(t.Context(), nil, nil); err == nil {
			t.Errorf("%s: Maintain does not complain", name)
		}
	}
}
