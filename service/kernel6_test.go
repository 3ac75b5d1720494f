// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/internal/bubbletest"
)

var (
	kernelNet   = netip.MustParsePrefix("2001:db8:1::/64")
	kernelLocal = netip.MustParsePrefix("fd00:1::/64")
	kernelOwn   = netip.MustParseAddr("2001:db8:1::a")
)

// A kernelStage is a kernel6 with a kernel whose every move the test makes.
type kernelStage struct {
	*kernel6
	log     bytes.Buffer
	addrs   []kernelAddr
	written int
	claimed map[netip.Addr]string
}

func newKernelStage(temporary bool) *kernelStage {
	s := &kernelStage{claimed: map[netip.Addr]string{}}
	s.kernel6 = newKernel6(slog.New(slog.NewTextHandler(&s.log, nil)), temporary)
	s.kernel6.write = func([]byte) error { s.written++; return nil }
	s.kernel6.list = func() ([]kernelAddr, error) { return append([]kernelAddr(nil), s.addrs...), nil }
	s.kernel6.claims = func(a netip.Addr) (string, bool) { mac, ok := s.claimed[a]; return mac, ok }
	return s
}

// event has the kernel tell of a change and waits for what comes of it.
func (s *kernelStage) event() {
	s.changed()
	time.Sleep(time.Second)
	synctest.Wait()
}

func (s *kernelStage) toldRemade() bool {
	select {
	case <-s.Remade():
		return true
	default:
		return false
	}
}

func kernelPrefix(n netip.Prefix, chosen bool) autoconf.Prefix {
	now := time.Now()
	return autoconf.Prefix{Net: n, Chosen: chosen, Valid: now.Add(time.Hour), Preferred: now.Add(time.Hour / 2)}
}

func TestTimesArePutRightAfterNetworkManager(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := newKernelStage(false)
		s.addrs = []kernelAddr{{addr: kernelOwn, bits: 64, valid: time.Hour, preferred: time.Hour / 2}}
		s.Make([]autoconf.Prefix{kernelPrefix(kernelNet, true)})
		if s.written != 1 {
			t.Errorf("%d advertisements at first", s.written)
		}
		if a, n := s.Made(kernelNet); a != kernelOwn || n != 0 {
			t.Errorf("made %v, %d duplicates", a, n)
		}
		// A repetition changes nothing, and is not worth an advertisement.
		s.Make([]autoconf.Prefix{kernelPrefix(kernelNet, true)})
		s.event()
		if s.written != 1 {
			t.Errorf("%d advertisements although nothing changed", s.written)
		}
		s.addrs[0].settled, s.addrs[0].valid, s.addrs[0].preferred = true, forever6, forever6
		s.event()
		if s.written != 2 {
			t.Errorf("%d advertisements after NetworkManager has set it for ever, want one more", s.written)
		}
		s.addrs[0].valid, s.addrs[0].preferred = 2*time.Hour, time.Hour/2 // as kernels before 6.7 have it
		s.event()
		if s.written != 2 {
			t.Errorf("%d advertisements although times are right", s.written)
		}
		deprecated := kernelPrefix(kernelNet, true)
		deprecated.Preferred = time.Unix(1, 0)
		s.Make([]autoconf.Prefix{deprecated})
		if s.written != 3 {
			t.Errorf("%d advertisements after it was deprecated", s.written)
		}
		s.addrs[0].preferred = 0
		s.Make(nil)
		if s.written != 4 || len(s.past) != 0 {
			t.Errorf("%d advertisements after it was withdrawn, %v is left", s.written, s.past)
		}
	})
}

// The kernel does not count time spent suspended: its addresses would live longer by that much.
func TestLifetimesGoOnInSleep(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := newKernelStage(false)
		var frames [][]byte
		s.kernel6.write = func(f []byte) error { frames = append(frames, f); return nil }
		slept := time.Duration(0)
		s.now = func() time.Time { return time.Now().Add(slept) }
		s.addrs = []kernelAddr{{addr: kernelOwn, bits: 64, valid: 5 * time.Hour, preferred: 4 * time.Hour}}
		now := s.now()
		p := autoconf.Prefix{Net: kernelNet, Valid: now.Add(5 * time.Hour), Preferred: now.Add(4 * time.Hour)}
		s.Make([]autoconf.Prefix{p})
		frames = nil

		slept = 2 * time.Hour
		s.event()
		if want := autoconf.Advertisement([]autoconf.Prefix{p}, s.now().Add(-time.Second)); len(frames) != 1 || !bytes.Equal(frames[0], want) {
			t.Fatalf("after two hours of sleep the kernel is told\n%x, want\n%x", frames, want)
		}
		s.addrs[0].valid, s.addrs[0].preferred = 3*time.Hour, 2*time.Hour
		frames = nil

		slept = 6 * time.Hour
		s.Make(nil)
		if len(frames) != 1 || s.Taken(kernelOwn) {
			t.Errorf("an address that has ended in sleep is withdrawn by %d advertisements", len(frames))
		}
		s.addrs = nil
		s.Make([]autoconf.Prefix{p})
		frames = nil
		s.Make(nil)
		if len(frames) != 0 {
			t.Error("an address that is gone already is withdrawn")
		}
	})
}

// Whoever keeps changing addresses does not keep the kernel busy.
func TestAdvertisementsArePaced(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := newKernelStage(false)
		s.addrs = []kernelAddr{{addr: kernelOwn, bits: 64, valid: forever6, preferred: forever6}}
		s.Make([]autoconf.Prefix{kernelPrefix(kernelNet, true)})
		for range 1000 {
			s.changed()
			time.Sleep(10 * time.Millisecond)
		}
		s.event()
		if most := int(11*time.Second/advertPause) + 2; s.written > most {
			t.Errorf("%d advertisements in 11 s, want at most %d", s.written, most)
		}
	})
}

// Temporary addresses survive only if NetworkManager takes its address before the others are made.
func TestOtherPrefixesWaitForNetworkManager(t *testing.T) {
	for _, tc := range []struct {
		temporary bool
		settled   bool
		want      int
	}{{false, false, 2}, {true, false, 1}, {true, true, 2}} {
		s := newKernelStage(tc.temporary)
		s.wanted = []autoconf.Prefix{kernelPrefix(kernelNet, true), kernelPrefix(kernelLocal, false)}
		s.found = []kernelAddr{{addr: kernelOwn, bits: 64, settled: tc.settled}, {addr: netip.MustParseAddr("2001:db8:1::1"), bits: 128, settled: true}}
		if got := s.eligible(); len(got) != tc.want {
			t.Errorf("temporary %v, settled %v: %v", tc.temporary, tc.settled, got)
		}
	}
}

// NetworkManager has an address whose prefix is not on the link with 128 bits. It is the same
// one, and no reason to advertise for ever.
func TestAddressWithoutItsLink(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := newKernelStage(false)
		s.addrs = []kernelAddr{{addr: kernelOwn, bits: 64, valid: time.Hour, preferred: time.Hour / 2}}
		s.Make([]autoconf.Prefix{kernelPrefix(kernelNet, true)})
		s.addrs[0].bits, s.addrs[0].settled = 128, true
		before := s.written
		for range 10 {
			s.event()
		}
		if a, n := s.Made(kernelNet); a != kernelOwn || n != 0 || s.written != before {
			t.Errorf("made %v, %d duplicates, %d advertisements more", a, n, s.written-before)
		}
	})
}
