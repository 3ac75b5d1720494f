// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/mdlayher/ndp"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/tapbridgetest"
)

// A farEnd is a session that keeps what it is sent.
type farEnd struct {
	session
	got [][]byte
}

func (s *farEnd) Send(b *frame.Batch) error {
	for _, f := range b.Frames() {
		s.got = append(s.got, slices.Clone(f))
	}
	return nil
}

func TestTheUplinkAnswersForTheRouterAndTheDeadEnd(t *testing.T) {
	host, router := netip.MustParseAddr("fe80::2"), netip.MustParseAddr("fe80::1")
	hostMAC, routerMAC := [6]byte{2, 0, 0, 0, 0, 2}, [6]byte{2, 0, 0, 0, 0, 1}
	group := [6]byte{0x33, 0x33, 0xff, 0, 0, 1}
	ask := func(to [6]byte, src, target netip.Addr) []byte {
		body, err := ndp.MarshalMessageChecksum(&ndp.NeighborSolicitation{
			TargetAddress: target,
			Options:       []ndp.Option{&ndp.LinkLayerAddress{Direction: ndp.Source, Addr: net.HardwareAddr(hostMAC[:])}},
		}, src, target)
		if err != nil {
			t.Fatal(err)
		}
		f := icmp6Frame(append(make([]byte, 6), hostMAC[:]...), hostMAC, src, target, body)
		copy(f, to[:])
		return f
	}
	udp := func(to [6]byte) []byte {
		f := icmp6Frame(append(make([]byte, 6), hostMAC[:]...), hostMAC, host, netip.MustParseAddr("2001:db8::1"), make([]byte, 1400))
		copy(f, to[:])
		f[atIP6+6] = 17
		return f
	}
	sent := udp(deadEndMAC)
	failure := udp(deadEndMAC)
	failure[atIP6+6], failure[atPayload] = 58, 1
	for _, tt := range []struct {
		name   string
		frame  []byte
		answer byte // the type of the message, 0: none
		passes bool
	}{
		{"who is the dead end?", ask(group, host, deadEnd), 136, false},
		{"is the dead end there?", ask(deadEndMAC, host, deadEnd), 136, false},
		{"is the dead end's address mine?", ask(group, netip.IPv6Unspecified(), deadEnd), 0, false},
		{"a packet for the dead end", sent, 1, false},
		{"an error for the dead end", failure, 0, false},
		{"is the router there?", ask(routerMAC, host, router), 136, true},
		{"who is the router?", ask(group, host, router), 0, true},
		{"is somebody else there?", ask(routerMAC, host, netip.MustParseAddr("fe80::3")), 0, true},
		{"a packet by the router", udp(routerMAC), 0, true},
		{"a frame that ends in its header", udp(routerMAC)[:atPayload-1], 0, true},
		{"IPv4", make([]byte, 60), 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var answers [][]byte
			var known atomic.Pointer[netip.Addr]
			known.Store(&router)
			to := new(farEnd)
			u := &uplink{session: to, router: &known, toHost: func(frames [][]byte) { answers = append(answers, frames...) }}
			before, after := udp(routerMAC), make([]byte, 100)
			b := frame.NewBatch(1<<14, 8)
			for _, f := range [][]byte{before, tt.frame, after} {
				b.Append(f)
			}
			if err := u.Send(b); err != nil {
				t.Fatal(err)
			}
			if want := 2 + map[bool]int{true: 1}[tt.passes]; len(to.got) != want || !slices.Equal(to.got[0], before) || !slices.Equal(to.got[want-1], after) {
				t.Errorf("%d frames were sent, want %d", len(to.got), want)
			}
			if tt.answer == 0 {
				if len(answers) > 0 {
					t.Errorf("answered: % x", answers[0])
				}
				return
			}
			if len(answers) != 1 || answers[0][atPayload] != tt.answer || [6]byte(answers[0]) != hostMAC {
				t.Fatalf("answers are % x", answers)
			}
			if claimsDeadEnd(answers[0]) {
				t.Error("the guard keeps the answer from the host")
			}
			if tt.answer == 136 {
				m, err := ndp.ParseMessage(answers[0][atPayload:])
				if a, ok := m.(*ndp.NeighborAdvertisement); err != nil || !ok || !a.Solicited || !a.Router {
					t.Errorf("%+v, %v", m, err)
				}
			}
		})
	}
}

func TestTheDeadEndAnswersWithoutASession(t *testing.T) {
	answers := 0
	u := &uplink{router: new(atomic.Pointer[netip.Addr]), toHost: func([][]byte) { answers++ }}
	b := frame.NewBatch(1<<12, 1)
	f := icmp6Frame(make([]byte, 12), deadEndMAC, netip.MustParseAddr("fe80::2"), publicHost, make([]byte, 8))
	copy(f, deadEndMAC[:])
	f[atIP6+6] = 17
	b.Append(f)
	if err := u.Send(b); err == nil || answers != 1 {
		t.Errorf("%v, %d answers", err, answers)
	}
}

var publicHost = netip.MustParseAddr("2001:db8::1")

func TestOnlyTheTruthAboutTheDeadEndComesThrough(t *testing.T) {
	u := &uplink{}
	ask := icmp6Frame(append(make([]byte, 6), 2, 0, 0, 0, 0, 2), [6]byte{2}, netip.MustParseAddr("fe80::2"), deadEnd, make([]byte, 24))
	ask[atPayload] = 135
	copy(ask[atPayload+8:], deadEnd.AsSlice())
	truth := u.answer(ask)
	if claimsDeadEnd(truth) {
		t.Error("what the uplink says is kept from the host")
	}
	lie := slices.Clone(truth)
	lie[len(lie)-1]++
	if !claimsDeadEnd(lie) {
		t.Error("another MAC comes through")
	}
	if !claimsDeadEnd(truth[:nsEnd]) {
		t.Error("an advertisement without a MAC comes through")
	}
}

// A lie is one behind tags, too, which Linux takes off before it believes it.
func TestALieBehindTagsDoesNotComeThrough(t *testing.T) {
	ask := icmp6Frame(append(make([]byte, 6), 2, 0, 0, 0, 0, 2), [6]byte{2}, netip.MustParseAddr("fe80::2"), deadEnd, make([]byte, 24))
	ask[atPayload] = 135
	copy(ask[atPayload+8:], deadEnd.AsSlice())
	lie := (&uplink{}).answer(ask)
	lie[len(lie)-1]++
	device := tapbridgetest.NewDevice(1)
	bridge := tapbridge.New(device, nil)
	defer bridge.Close()
	bridge.NewPort(claimsDeadEnd, 1)
	for _, tags := range [][]byte{nil, {0x81, 0, 0, 0}, {0x88, 0xa8, 0xe0, 0}, {0x81, 0, 0, 0, 0x81, 0, 0, 0}} {
		bridge.Receive([][]byte{slices.Concat(lie[:12], tags, lie[12:])})
		if len(device.Frames()) > 0 {
			t.Errorf("with tags %x, the host has %x", tags, <-device.Frames())
		}
	}
}
