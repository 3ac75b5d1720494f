// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/internal/bubbletest"
)

func TestDuplicatesAreNamedAndLeftAlone(t *testing.T) {
	for name, then := range map[string]func(*kernelStage){
		"marked":     func(s *kernelStage) { s.addrs[0].failed = true },
		"taken away": func(s *kernelStage) { s.addrs = nil; s.claimed[kernelOwn] = "5e:00:00:00:00:fe" },
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				s := newKernelStage(false)
				s.addrs = []kernelAddr{{addr: kernelOwn, bits: 64, tentative: true, valid: time.Hour, preferred: time.Hour / 2}}
				s.Make([]autoconf.Prefix{kernelPrefix(kernelNet, true)})
				s.event()
				s.toldRemade()
				then(s)
				before := s.written
				s.event()
				if a, n := s.Made(kernelNet); a.IsValid() || n != 1 || !s.toldRemade() {
					t.Errorf("made %v, %d duplicates", a, n)
				}
				if s.written != before {
					t.Error("the kernel was told to make it again")
				}
				if log := s.log.String(); strings.Count(log, kernelOwn.String()) != 1 || len(s.claimed) > 0 && !strings.Contains(log, "5e:00:00:00:00:fe") {
					t.Errorf("the log says %s", log)
				}
				// The kernel, or NetworkManager, has another one.
				other := netip.MustParseAddr("2001:db8:1::b")
				s.addrs = append(s.addrs, kernelAddr{addr: other, bits: 64})
				s.event()
				if a, _ := s.Made(kernelNet); a != other || !s.toldRemade() {
					t.Errorf("made %v, want %v", a, other)
				}
			})
		})
	}
}

// An address that ends is no duplicate, whatever others claim once it is good.
func TestAddressThatEndsIsNoDuplicate(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := newKernelStage(false)
		s.addrs = []kernelAddr{{addr: kernelOwn, bits: 64, valid: time.Hour, preferred: time.Hour / 2}}
		s.Make([]autoconf.Prefix{kernelPrefix(kernelNet, true)})
		s.claimed[kernelOwn] = "5e:00:00:00:00:fe"
		s.addrs = nil
		before := s.written
		s.event()
		if _, n := s.Made(kernelNet); n != 0 || s.written == before {
			t.Errorf("%d duplicates, %d advertisements for an address that somebody removed", n, s.written-before)
		}
	})
}

// A leased address that another host has is named, once.
func TestDuplicateOfALeaseIsNamed(t *testing.T) {
	s := newKernelStage(false)
	s.claimed[kernelOwn] = "5e:00:00:00:00:fe"
	s.addrs = []kernelAddr{{addr: kernelOwn, bits: 128, failed: true, settled: true}}
	s.changed()
	s.changed()
	if log := s.log.String(); strings.Count(log, kernelOwn.String()) != 1 || !strings.Contains(log, "5e:00:00:00:00:fe") {
		t.Errorf("the log says %q", log)
	}
}

// A claim that comes after the kernel has stopped waiting for one counts while the lease is young, and is passed on.
func TestLateClaimOfALeaseCounts(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := newKernelStage(false)
		s.addrs = []kernelAddr{{addr: kernelOwn, bits: 128, settled: true}}
		s.changed()
		s.toldRemade()
		s.kernel6.claimed(kernelOwn.Next())
		synctest.Wait()
		if s.Taken(kernelOwn) || s.toldRemade() {
			t.Error("taken although nobody claims it")
		}
		s.claimed[kernelOwn] = "5e:00:00:00:00:fe"
		s.kernel6.claimed(kernelOwn)
		synctest.Wait()
		if !s.Taken(kernelOwn) || !s.toldRemade() {
			t.Error("a claim of a young lease did not count")
		}

		delete(s.claimed, kernelOwn)
		time.Sleep(claimLasts)
		s.changed()
		s.toldRemade()
		s.claimed[kernelOwn] = "5e:00:00:00:00:fe"
		s.kernel6.claimed(kernelOwn)
		s.changed()
		synctest.Wait()
		if s.Taken(kernelOwn) {
			t.Error("a claim of a lease in use counted")
		}
	})
}
