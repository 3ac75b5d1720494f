// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"errors"
	"net"
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

// announcement is what from sends to everybody when it has got addr.
func announcement(from packet.MAC, addr netip.Addr) []byte {
	return slices.Concat(packet.Broadcast[:], from[:], []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, from[:], addr.AsSlice(), make([]byte, 6), addr.AsSlice())
}

func TestWhoIsARival(t *testing.T) {
	other := netip.MustParseAddr("192.168.30.11")
	for name, tt := range map[string]struct {
		frame            []byte
		leased, assigned bool
	}{
		"announces it":         {announcement(rivalMAC, leasedIP), true, true},
		"answers a probe":      {claim(rivalMAC, leasedIP), false, true}, // of a lease: the client hears it
		"announces another":    {announcement(rivalMAC, other), false, false},
		"this host itself":     {announcement(clientMAC, leasedIP), false, false},
		"a probe, not a claim": {packet.ARPProbe(rivalMAC, leasedIP), false, false},
		"cut off":              {announcement(rivalMAC, leasedIP)[:41], false, false},
	} {
		for assigned, want := range map[bool]bool{false: tt.leased, true: tt.assigned} {
			r := NewRivals(clientMAC.HardwareAddr(), nil, assigned)
			if r.Match(tt.frame) {
				t.Errorf("%s: taken before an address is used", name)
			}
			r.Use(leasedIP)
			if got := r.Match(tt.frame); got != want {
				t.Errorf("%s, assigned by hand %v: %v", name, assigned, got)
			}
			if n := testing.AllocsPerRun(100, func() { r.Match(tt.frame) }); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
			r.Use()
			if r.Match(tt.frame) {
				t.Errorf("%s: taken after the address is given up", name)
			}
		}
	}
}

func TestRivalsAreToldOfOnceAMinute(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		port := porttest.New()
		mine := packet.MAC{2, 0, 0, 0, 0, 7}
		r := NewRivals(clientMAC.HardwareAddr(), func(mac net.HardwareAddr) bool { return packet.MAC(mac) == mine }, false)
		r.Use(leasedIP)
		var told []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.Watch(port, func(a netip.Addr, mac net.HardwareAddr) { told = append(told, a.String()+" "+mac.String()) })
		}()
		port.Deliver(announcement(mine, leasedIP)) // another interface of this computer
		for range 20 {
			port.Deliver(announcement(rivalMAC, leasedIP))
			time.Sleep(10 * time.Second)
		}
		port.Close()
		<-done
		if want := slices.Repeat([]string{"192.168.30.10 " + rivalMAC.String()}, 4); !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}

func TestProbeOfAnAssignedAddress(t *testing.T) {
	const wait = 300 * time.Millisecond
	for name, tt := range map[string]struct {
		wait   time.Duration
		rival  bool
		probes int
		took   time.Duration
	}{
		"nobody has it":      {wait, false, probes, wait},
		"somebody has it":    {wait, true, 1, wait / 6},
		"without a word":     {0, false, 1, 0},
		"used already, too":  {0, true, 1, 0},
		"as NetworkManager ": {-1, false, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				port := porttest.New()
				r := NewRivals(clientMAC.HardwareAddr(), nil, true)
				r.Use(leasedIP)
				if tt.rival {
					time.AfterFunc(wait/6, func() { port.Deliver(claim(rivalMAC, leasedIP)) })
				}
				began := time.Now()
				err := r.Probe(t.Context(), port, tt.wait)
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if conflict := tt.rival && tt.wait > 0; errors.Is(err, ErrInUse) != conflict || conflict && !strings.Contains(err.Error(), rivalMAC.String()) {
					t.Errorf("it says %v", err)
				}
				if n := len(port.Sent()); n != tt.probes {
					t.Errorf("%d probes, want %d", n, tt.probes)
				}
				time.Sleep(wait)
			})
		})
	}
}

func TestRelease(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		c.Release(leased())
		r := s.expect(dhcpv4.MessageTypeRelease)
		// RFC 2131 table 5: the address and the server, and nothing that is asked for.
		if r.udp.DstMAC != serverMAC || r.udp.Dst.Addr() != serverIP || r.udp.Src.Addr() != leasedIP ||
			r.ClientIPAddr.String() != leasedIP.String() || r.ServerIdentifier().String() != serverIP.String() {
			t.Errorf("%v -> %v (%v), %v", r.udp.Src, r.udp.Dst, r.udp.DstMAC, r.DHCPv4)
		}
		for _, option := range []uint8{50, 51, 55, 57, 60} {
			if r.Options.Has(dhcpv4.GenericOptionCode(option)) {
				t.Errorf("option %d is there", option)
			}
		}
	})
}

// Another interface of this computer in the same network answers for the address on the TAP.
func TestAnAnswerOfOurOwnIsNoConflict(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := &server{t: t, port: porttest.New()}
		c := New(s.port, Config{
			MAC: clientMAC.HardwareAddr(), Probe: 200 * time.Millisecond,
			Mine: func(mac net.HardwareAddr) bool { return packet.MAC(mac) == rivalMAC },
		})
		done := acquire(c, t.Context(), netip.Addr{})
		s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer)
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck)
		s.port.Deliver(claim(rivalMAC, leasedIP))
		if got := <-done; got.err != nil {
			t.Errorf("%v", got.err)
		}
	})
}
