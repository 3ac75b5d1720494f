// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"net/netip"
	"testing"
)

func TestALineHasWhatIsSet(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::2")
	for want, l := range map[string]Line{
		"no address":                   {First: "no address"},
		"10.0.0.5/24, router 10.0.0.1": {First: "10.0.0.5/24", Router: a},
		"x, DNS 10.0.0.1":              {First: "x", DNS: []netip.Addr{a}},
		"x, DNS 10.0.0.1 fe80::2":      {First: "x", DNS: []netip.Addr{a, b}},
		"x, domains a.example b":       {First: "x", Domains: []string{"a.example", "b"}},
		"x, 3 routes":                  {First: "x", Routes: 3},
		"x, MTU 1400":                  {First: "x", MTU: 1400},
		"x, router fe80::2, DNS 10.0.0.1, domains b, 1 routes, MTU 1280": {
			First: "x", Router: b, DNS: []netip.Addr{a}, Domains: []string{"b"}, Routes: 1, MTU: 1280,
		},
	} {
		if got := l.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
