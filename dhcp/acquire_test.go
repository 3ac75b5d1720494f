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

// Whatever is not an answer to this exchange from the chosen server changes nothing.
func TestForeignAnswersAreIgnored(t *testing.T) {
	other := netip.MustParseAddr("192.168.30.66")
	foreign := map[string]func(*dhcpv4.DHCPv4){
		"other transaction":   func(r *dhcpv4.DHCPv4) { r.TransactionID[0] ^= 1 },
		"other client":        func(r *dhcpv4.DHCPv4) { r.ClientHWAddr[5] ^= 1 },
		"other client id":     with(optClientID, []byte{1, 2, 3, 4, 5, 6, 7}),
		"a request":           func(r *dhcpv4.DHCPv4) { r.OpCode = dhcpv4.OpcodeBootRequest },
		"no server id":        with(optServerID, nil),
		"server is everybody": with(optServerID, everyone.AsSlice()),
		"no message type":     with(53, nil),
		"bad overload":        with(optOverload, []byte{1, 2}),
	}
	for name, change := range foreign {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				s, c := newServer(t)
				done := acquire(c, t.Context(), netip.Addr{})
				d := s.expect(dhcpv4.MessageTypeDiscover)
				s.reply(d, dhcpv4.MessageTypeAck)           // never asked for
				s.reply(d, dhcpv4.MessageTypeOffer, change) // foreign
				s.expect(dhcpv4.MessageTypeDiscover)        // so it asks again
				s.reply(d, dhcpv4.MessageTypeOffer)
				r := s.expect(dhcpv4.MessageTypeRequest)
				s.reply(r, dhcpv4.MessageTypeAck, change)
				s.reply(r, dhcpv4.MessageTypeNak, with(optServerID, other.AsSlice()))
				s.reply(r, dhcpv4.MessageTypeAck, with(optServerID, other.AsSlice()))
				s.reply(r, dhcpv4.MessageTypeAck, withAddr("192.168.30.11"))
				s.expect(dhcpv4.MessageTypeRequest)
				s.reply(r, dhcpv4.MessageTypeAck)
				if got := <-done; got.err != nil || got.lease.Addr.Addr() != leasedIP {
					t.Errorf("lease %v, error %v", got.lease, got.err)
				}
			})
		})
	}
}

func TestServerFallsSilentAfterOffer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		done := acquire(c, t.Context(), netip.Addr{})
		d := s.expect(dhcpv4.MessageTypeDiscover)
		s.reply(d, dhcpv4.MessageTypeOffer)
		for range requestTries {
			s.expect(dhcpv4.MessageTypeRequest)
		}
		if again := s.expect(dhcpv4.MessageTypeDiscover); again.TransactionID == d.TransactionID {
			t.Error("the new search has the old transaction number")
		} else {
			s.reply(again, dhcpv4.MessageTypeOffer)
		}
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck)
		if got := <-done; got.err != nil {
			t.Error(got.err)
		}
	})
}

// Of two servers the one that is always first but gives nothing does not keep the other's lease away.
func TestAnUnwillingServerIsNotTakenAgainBeforeAnother(t *testing.T) {
	other := netip.MustParseAddr("192.168.30.2")
	for name, refuse := range map[string]func(*server){
		"it falls silent": func(s *server) {
			for range requestTries {
				s.expect(dhcpv4.MessageTypeRequest)
			}
		},
		"it refuses": func(s *server) {
			s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeNak)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				s, c := newServer(t)
				done := acquire(c, t.Context(), netip.Addr{})
				s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
				refuse(s)
				d := s.expect(dhcpv4.MessageTypeDiscover)
				s.reply(d, dhcpv4.MessageTypeOffer)
				time.Sleep(firstWait / 2)
				s.reply(d, dhcpv4.MessageTypeOffer, with(optServerID, other.AsSlice()))
				r := s.expect(dhcpv4.MessageTypeRequest)
				s.reply(r, dhcpv4.MessageTypeAck, with(optServerID, other.AsSlice()))
				if got := <-done; got.err != nil || got.lease.Server != other {
					t.Errorf("lease %v, error %v", got.lease, got.err)
				}
			})
		})
	}
}

func TestRefusalsEndTheSearch(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		done := acquire(c, t.Context(), netip.MustParseAddr("192.168.30.10"))
		for i := range maxRefusals {
			d := s.expect(dhcpv4.MessageTypeDiscover)
			if _, asked := d.Options[50]; asked != (i == 0) {
				t.Errorf("search %d: asks for an address: %v", i+1, asked)
			}
			s.reply(d, dhcpv4.MessageTypeOffer)
			s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeNak, with(56, []byte("go\naway")))
		}
		got := <-done
		if !errors.Is(got.err, ErrNAK) || !strings.Contains(got.err.Error(), `"go\naway"`) {
			t.Errorf("error = %v, want ErrNAK with the server's reason", got.err)
		}
		if len(s.port.Sent()) > 0 {
			t.Error("the client asks on after the error")
		}
	})
}

func TestAbsurdOffers(t *testing.T) {
	loopback := withAddr("127.0.0.1")
	t.Run("a good one comes too", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			s, c := newServer(t)
			done := acquire(c, t.Context(), netip.Addr{})
			d := s.expect(dhcpv4.MessageTypeDiscover)
			s.reply(d, dhcpv4.MessageTypeOffer, loopback)
			s.reply(d, dhcpv4.MessageTypeOffer)
			s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck)
			if got := <-done; got.err != nil || got.lease.Addr.Addr() != leasedIP {
				t.Errorf("lease %v, error %v", got.lease, got.err)
			}
		})
	})
	t.Run("nothing else comes", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			s, c := newServer(t)
			done := acquire(c, t.Context(), netip.Addr{})
			for range badOfferWait {
				s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer, loopback)
			}
			got := <-done
			var bad *LeaseError
			if !errors.As(got.err, &bad) || bad.Server != serverIP || bad.Value != "127.0.0.1" {
				t.Fatalf("error = %v, want a *LeaseError about 127.0.0.1", got.err)
			}
			if got.took > 5*time.Second {
				t.Errorf("took %v", got.took)
			}
		})
	})
	t.Run("confirmed", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			s, c := newServer(t)
			done := acquire(c, t.Context(), netip.Addr{})
			s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
			s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck, with(optMask, []byte{255, 0, 255, 0}))
			var bad *LeaseError
			if got := <-done; !errors.As(got.err, &bad) || bad.Option != optMask {
				t.Errorf("error = %v, want a *LeaseError about option 1", got.err)
			}
		})
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
