// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestALeaseIsOneLineOfTheLog(t *testing.T) {
	l := Lease{
		Addr: netip.MustParsePrefix("192.168.30.10/24"), Server: netip.MustParseAddr("192.168.30.1"), Duration: 2 * time.Hour,
		Router: netip.MustParseAddr("192.168.30.2"), DNS: []netip.Addr{netip.MustParseAddr("192.168.30.3")},
		Domains: []string{"corp.example"}, Routes: make([]Route, 2), MTU: 1400,
	}
	want := "192.168.30.10/24 from 192.168.30.1 for 2h0m0s, router 192.168.30.2, DNS 192.168.30.3, domains corp.example, 2 routes, MTU 1400"
	if got := l.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	l = Lease{Addr: l.Addr, Server: l.Server, Duration: Infinite}
	if got, want := l.String(), "192.168.30.10/24 from 192.168.30.1 for ever"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLeaseEqual(t *testing.T) {
	same := leased()
	same.Acquired, same.Duration, same.T1, same.T2 = time.Time{}, 1, 2, 3
	same.Server, same.ServerMAC = leasedIP, clientMAC
	if !same.Equal(leased()) {
		t.Error("times and server must not count")
	}
	for name, change := range map[string]func(*Lease){
		"address": func(l *Lease) { l.Addr = netip.PrefixFrom(leasedIP, 25) },
		"router":  func(l *Lease) { l.Router = netip.Addr{} },
		"DNS":     func(l *Lease) { l.DNS = nil },
		"domains": func(l *Lease) { l.Domains = append(l.Domains, "x") },
		"routes":  func(l *Lease) { l.Routes = []Route{{Dst: netip.MustParsePrefix("10.0.0.0/8")}} },
		"MTU":     func(l *Lease) { l.MTU = 1400 },
	} {
		l := leased()
		change(l)
		if l.Equal(leased()) || leased().Equal(l) {
			t.Errorf("%s does not count", name)
		}
	}
	if (*Lease)(nil).Equal(leased()) || leased().Equal(nil) || !(*Lease)(nil).Equal(nil) {
		t.Error("nil equals only nil")
	}
}

func TestLeaseReadsWell(t *testing.T) {
	l := leased()
	l.Routes, l.MTU = make([]Route, 2), 1400
	l.DNS = append(l.DNS, netip.MustParseAddr("9.9.9.9"))
	want := "192.168.30.10/24 from 192.168.30.1 for 2h0m0s, router 192.168.30.1, DNS 192.168.30.1 9.9.9.9, domains corp.example, 2 routes, MTU 1400"
	if diff := cmp.Diff(want, l.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	l = &Lease{Addr: l.Addr, Server: l.Server, Duration: Infinite}
	if diff := cmp.Diff("192.168.30.10/24 from 192.168.30.1 for ever", l.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
