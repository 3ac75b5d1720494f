// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"net/netip"
	"testing"
	"time"
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
