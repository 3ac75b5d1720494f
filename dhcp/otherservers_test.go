// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/internal/bubbletest"
)

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
