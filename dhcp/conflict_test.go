// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/dhcp/internal/porttest"
	"network-manager-softether/internal/bubbletest"
)

var rivalMAC = packet.MAC{0x5e, 0, 0, 0, 0, 0x66}

// claim is the answer from somebody to a probe for addr.
func claim(from packet.MAC, addr netip.Addr) []byte {
	f := slices.Concat(clientMAC[:], from[:], []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 2}, from[:], addr.AsSlice(), clientMAC[:], []byte{0, 0, 0, 0})
	return f
}

func TestAnAddressInUseIsDeclined(t *testing.T) {
	free := withAddr("192.168.30.11")
	t.Run("before it is confirmed", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			s, c := newServer(t)
			done := acquire(c, t.Context(), leasedIP)
			s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
			r := s.expect(dhcpv4.MessageTypeRequest)
			s.port.Deliver(claim(rivalMAC, leasedIP))
			s.reply(r, dhcpv4.MessageTypeAck)
			d := s.expect(dhcpv4.MessageTypeDecline)
			if d.RequestedIPAddress().String() != leasedIP.String() || d.ServerIdentifier().String() != serverIP.String() || len(d.Options[55]) > 0 {
				t.Errorf("DECLINE of %v to %v, options %v", d.RequestedIPAddress(), d.ServerIdentifier(), d.Options)
			}
			again := s.expect(dhcpv4.MessageTypeDiscover)
			if _, asked := again.Options[50]; asked {
				t.Error("the address is asked for again")
			}
			s.reply(again, dhcpv4.MessageTypeOffer, free)
			s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck, free)
			if got := <-done; got.err != nil || got.lease.Addr.Addr().String() != "192.168.30.11" {
				t.Errorf("%v, %v", got.lease, got.err)
			}
			if want := []string{"192.168.30.10", "192.168.30.11"}; !slices.Equal(s.probes, want) {
				t.Errorf("probes for %v, want %v", s.probes, want)
			}
		})
	})
	t.Run("while it is in use", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			s, c := newServer(t)
			done := acquire(c, t.Context(), netip.Addr{})
			s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
			s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck)
			got := <-done
			if got.err != nil || got.took > time.Millisecond {
				t.Fatalf("after %v: %v", got.took, got.err)
			}
			_, ended := maintained(t, t.Context(), c, got.lease)
			time.Sleep(settleTime / 2)
			s.port.Deliver(claim(rivalMAC, leasedIP))
			s.expect(dhcpv4.MessageTypeDecline)
			if err := <-ended; !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), rivalMAC.String()) {
				t.Errorf("Maintain ended with %v", err)
			}
		})
	})
	t.Run("time after time", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			s, c := newServer(t)
			done := acquire(c, t.Context(), netip.Addr{})
			for range maxRefusals {
				s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
				r := s.expect(dhcpv4.MessageTypeRequest)
				s.port.Deliver(claim(rivalMAC, leasedIP))
				s.reply(r, dhcpv4.MessageTypeAck)
				s.expect(dhcpv4.MessageTypeDecline)
			}
			if got := <-done; !errors.Is(got.err, ErrConflict) {
				t.Errorf("%v, %v", got.lease, got.err)
			}
		})
	})
}

func TestWhatIsNoConflict(t *testing.T) {
	toKernel := claim(rivalMAC, leasedIP)
	binary.BigEndian.PutUint32(toKernel[38:], 0xc0a81e0a) // an answer to somebody with an address
	for name, frame := range map[string][]byte{
		"ourselves":         claim(clientMAC, leasedIP),
		"another address":   claim(rivalMAC, netip.MustParseAddr("192.168.30.11")),
		"a kernel's answer": toKernel,
		"cut off":           claim(rivalMAC, leasedIP)[:41],
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				s, c := newServer(t)
				done := acquire(c, t.Context(), netip.Addr{})
				s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
				r := s.expect(dhcpv4.MessageTypeRequest)
				s.port.Deliver(frame)
				s.reply(r, dhcpv4.MessageTypeAck)
				got := <-done
				if got.err != nil {
					t.Fatal(got.err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, ended := maintained(t, ctx, c, got.lease)
				s.port.Deliver(frame)
				if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Maintain ended with %v", err)
				}
			})
		})
	}
}

func TestProbeBeforeUse(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := &server{t: t, port: porttest.New()}
		c := New(s.port, Config{MAC: clientMAC.HardwareAddr(), Probe: 200 * time.Millisecond})
		done := acquire(c, t.Context(), netip.Addr{})
		s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck)
		if got := <-done; got.err != nil || got.took != 200*time.Millisecond {
			t.Errorf("after %v: %v", got.took, got.err)
		}
	})
}

func TestMatchTakesOnlyAnswersToProbes(t *testing.T) {
	match := Match(clientMAC.HardwareAddr())
	answer := claim(rivalMAC, leasedIP)
	toKernel := slices.Clone(answer)
	toKernel[41] = 1
	toOthers := slices.Clone(answer)
	toOthers[5] ^= 1
	if !match(answer) || match(toKernel) || match(toOthers) || match(packet.ARPProbe(rivalMAC, leasedIP)) {
		t.Errorf("an answer to a probe %v, to the kernel %v, to another host %v, a probe %v", match(answer), match(toKernel), match(toOthers), match(packet.ARPProbe(rivalMAC, leasedIP)))
	}
	if n := testing.AllocsPerRun(100, func() { match(answer) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
