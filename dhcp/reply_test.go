// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/internal/bubbletest"
)

var ownID = append([]byte{1}, clientMAC[:]...)

// wellFormed is an OFFER as a frame; change may alter it.
func wellFormed(change ...func(*dhcpv4.DHCPv4)) []byte {
	m := heard{DHCPv4: &dhcpv4.DHCPv4{HWType: 1, ClientHWAddr: clientMAC.HardwareAddr()}}
	return answer(m, dhcpv4.MessageTypeOffer, change...)
}

// Options may continue in the fields for the boot file and the server's name, in
// this order (RFC 3396).
func TestOverloadedOptions(t *testing.T) {
	m, err := dhcpv4.FromBytes(wellFormed(with(optOverload, []byte{3}), with(optDNS, []byte{1, 1, 1, 1}))[42:])
	if err != nil {
		t.Fatal(err)
	}
	b := m.ToBytes()
	copy(b[fileOffset:], []byte{optDNS, 4, 2, 2, 2, 2, 255})
	copy(b[snameOffset:], []byte{optDNS, 4, 3, 3, 3, 3, optMTU, 2, 5, 0, 255})
	r, ok := parseReply(framed(b), clientMAC, ownID)
	if !ok {
		t.Fatal("not read")
	}
	if want := []byte{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}; !bytes.Equal(r.opts[optDNS], want) {
		t.Errorf("option 6 = %v, want %v", r.opts[optDNS], want)
	}
	if !bytes.Equal(r.opts[optMTU], []byte{5, 0}) {
		t.Errorf("option 26 = %v", r.opts[optMTU])
	}
}

// A server or relay that says something twice is understood, as by systemd-networkd.
func TestOptionsTwice(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s, c := newServer(t)
		done := acquire(c, t.Context(), netip.Addr{})
		twice := func(r *dhcpv4.DHCPv4) {
			r.Options[optMTU], r.Options[optT1], r.Options[optT2] = []byte{5, 120}, []byte{0, 0, 0, 100}, []byte{0, 0, 0, 200}
			for code, v := range r.Options {
				r.Options[code] = slices.Concat(v, v)
			}
		}
		s.reply(s.expect(dhcpv4.MessageTypeDiscover), dhcpv4.MessageTypeOffer, twice)
		s.reply(s.expect(dhcpv4.MessageTypeRequest), dhcpv4.MessageTypeAck, twice)
		got := <-done
		if got.err != nil {
			t.Fatal(got.err)
		}
		l := got.lease
		if l.Addr != netip.MustParsePrefix("192.168.30.10/24") || l.Router != serverIP || l.MTU != 1400 || l.Duration != 2*time.Hour || l.T1 != 100*time.Second || l.T2 != 200*time.Second {
			t.Errorf("lease %+v", l)
		}
	})
}

func TestMissingEndOption(t *testing.T) {
	b := wellFormed()[42:]
	end := bytes.LastIndexByte(b, 255)
	if _, ok := parseReply(framed(b[:end]), clientMAC, ownID); !ok {
		t.Error("a message without an end option is refused")
	}
	if _, ok := parseReply(framed(b[:end-1]), clientMAC, ownID); ok {
		t.Error("a message cut off inside an option is taken")
	}
}

func TestMatch(t *testing.T) {
	match := Match(clientMAC.HardwareAddr())
	good := wellFormed()
	alter := func(f func([]byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	for name, tc := range map[string]struct {
		frame []byte
		want  bool
	}{
		"broadcast":        {good, true},
		"unicast":          {alter(func(b []byte) { copy(b, clientMAC[:]) }), true},
		"to another":       {alter(func(b []byte) { copy(b, serverMAC[:]) }), false},
		"for another":      {alter(func(b []byte) { b[42+chaddrOffset] ^= 1 }), false},
		"IPv6":             {alter(func(b []byte) { b[12], b[13] = 0x86, 0xdd }), false},
		"TCP":              {alter(func(b []byte) { b[23] = 6 }), false},
		"to a server":      {alter(func(b []byte) { b[37] = 67 }), false},
		"long header":      {alter(func(b []byte) { b[14] = 0x4f }), false},
		"short":            {good[:42+chaddrOffset+5], false},
		"header past end":  {alter(func(b []byte) { b[14] = 0x4f })[:42+chaddrOffset+6], false},
		"nothing":          {nil, false},
		"as long as it is": {good[:42+chaddrOffset+6], true},
	} {
		if got := match(tc.frame); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	if Match(nil)(good) {
		t.Error("no MAC matches")
	}
	if n := testing.AllocsPerRun(100, func() { match(good) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzLease holds what may come out of any frame, and of any options in a frame
// that is otherwise right: a lease that a host can use.
func FuzzLease(f *testing.F) {
	for _, frame := range [][]byte{
		wellFormed(),
		wellFormed(with(optClassless, encoded("0.0.0.0/0 192.168.30.1", "10.0.0.0/8 0.0.0.0")), with(optRouter, nil)),
		wellFormed(with(optSearch, []byte("\x03eng\x04corp\x00\x01x\xc0\x00"))),
		wellFormed(with(optMask, nil), with(optLeaseTime, nil), with(optT1, []byte{0, 0, 0, 9})),
		wellFormed(with(optOverload, []byte{3})),
	} {
		f.Add(frame)
		f.Add(frame[42+fixedLen:])
	}
	for _, file := range captures(f) {
		f.Add(captured(f, file)[42+fixedLen:])
	}
	head := wellFormed()[42 : 42+fixedLen]
	f.Fuzz(func(t *testing.T, b []byte) {
		check(t, b)
		check(t, framed(append(bytes.Clone(head), b[:min(len(b), 1500)]...)))
	})
}

// FuzzRoutes does the same for option 121 alone.
func FuzzRoutes(f *testing.F) {
	f.Add(encoded("0.0.0.0/0 192.168.30.1", "10.0.0.0/8 0.0.0.0"))
	f.Add([]byte{33, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, option []byte) {
		if l, _, err := judge(offered("192.168.30.10", map[uint8][]byte{optClassless: option}), time.Time{}, false); err == nil {
			sound(t, l)
		}
	})
}

func check(t *testing.T, frame []byte) {
	r, ok := parseReply(frame, clientMAC, ownID)
	if !ok {
		return
	}
	if !Match(clientMAC.HardwareAddr())(frame) && bytes.Equal(frame[:6], clientMAC[:]) {
		t.Error("parsed what Match would not let through")
	}
	if l, _, err := judge(r, time.Time{}, false); err == nil {
		sound(t, l)
	}
}

// sound reports what is wrong with a lease.
func sound(t *testing.T, l *Lease) {
	t.Helper()
	a := l.Addr.Addr()
	if !l.Addr.IsValid() || l.Addr.Bits() == 0 || !a.Is4() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		t.Errorf("address %v", l.Addr)
	}
	near := func(n netip.Addr) bool {
		ok := l.Addr.Contains(n)
		for _, r := range l.Routes {
			ok = ok || !r.Via.IsValid() && r.Dst.Contains(n)
		}
		return ok && n != a
	}
	if l.Router.IsValid() && !near(l.Router) {
		t.Errorf("router %v of %v, routes %v", l.Router, l.Addr, l.Routes)
	}
	for _, r := range l.Routes {
		if r.Dst.Bits() <= 0 || r.Dst != r.Dst.Masked() || r.Dst.Addr().IsLoopback() || r.Dst.Addr().IsMulticast() || r.Via.IsValid() && !near(r.Via) {
			t.Errorf("route %v of %v", r, l.Addr)
		}
	}
	if len(l.Routes) > maxRoutes || len(l.DNS) > maxServers || len(l.Domains) > 32 || l.MTU != 0 && (l.MTU < minMTU || l.MTU > maxMTU) {
		t.Errorf("%d routes, %d DNS servers, %d domains, MTU %d", len(l.Routes), len(l.DNS), len(l.Domains), l.MTU)
	}
	if l.T1 < minDuration/2 || l.T1 > l.T2 || l.T2 > l.Duration || l.Duration < minDuration {
		t.Errorf("times %v, %v, %v", l.T1, l.T2, l.Duration)
	}
}
