// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"testing"
)

func TestAConfigIsOneLineOfTheLog(t *testing.T) {
	a, b := netip.MustParsePrefix("fd00::5/64"), netip.MustParsePrefix("fd00:1::5/128")
	c := Config6{
		Addr: a, Addrs: []netip.Prefix{a, b}, Router: netip.MustParseAddr("fe80::1"), Routes: make([]Route, 2),
		DNS: []netip.Addr{netip.MustParseAddr("fd00::53")}, Domains: []string{"corp.example"}, MTU: 1400,
	}
	want := "fd00::5/64 fd00:1::5/128, router fe80::1, DNS fd00::53, domains corp.example, 2 routes, MTU 1400"
	if got := c.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := (&Config6{Router: c.Router}).String(), "no address"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
