// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"testing"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
)

func TestAFamilyThatHasEndedLeadsNowhere(t *testing.T) {
	there := &nmvpn.IPConfig{Addr: netip.MustParsePrefix("2001:db8::2/64")} // a full tunnel
	split := &nmvpn.IPConfig{Addr: there.Addr, NeverDefault: true}
	closed := &nmvpn.IPConfig{Addr: closedAddress("u"), Gateway: deadEnd}
	for _, tt := range []struct {
		name     string
		v        verdict
		told     announcement
		ip4, ip6 string
	}{
		{"nothing was told", verdict{}, announcement{}, "", ""},
		{"both are there", verdict{ip4: there, ip6: there}, announcement{ip4: there, ip6: there}, there.Addr.String(), there.Addr.String()},
		{"both have ended", verdict{}, announcement{ip4: there, ip6: there}, "169.254.1.0/32", closedAddress("u").String()},
		{"both of a split tunnel have ended", verdict{}, announcement{ip4: split, ip6: split}, "169.254.1.0/32", closedAddress("u").String()},
		{"closed IPv6 stays closed", verdict{}, announcement{ip4: there, ip6: closed}, "169.254.1.0/32", ""},
	} {
		tt.v.standIns(tt.told, "u")
		for family, c := range map[string]*nmvpn.IPConfig{tt.ip4: tt.v.ip4, tt.ip6: tt.v.ip6} {
			if got := configured(c); got != family {
				t.Errorf("%s: %q, want %q", tt.name, got, family)
			}
			if c == nil || c == there {
				continue
			}
			if len(c.Routes)+len(c.DNS) > 0 || c.NeverDefault != tt.told.ip4.NeverDefault || c.Gateway.IsValid() && c.Gateway != deadEnd {
				t.Errorf("%s: %v leads somewhere, or out of a full tunnel", tt.name, c)
			}
		}
	}
}

func configured(c *nmvpn.IPConfig) string {
	if c == nil {
		return ""
	}
	return c.Addr.String()
}

func TestMTUOfTheNetwork(t *testing.T) {
	six := &nmvpn.IPConfig{}
	for _, tt := range []struct {
		name             string
		wanted, dhcp, ra int
		ip6              *nmvpn.IPConfig
		want             int
		warned           bool
	}{
		{"the profile's", 1500, 0, 0, six, 1500, false},
		{"the server's", 1500, 1400, 0, six, 1400, false},
		{"the router's", 1500, 1400, 1300, six, 1300, false},
		{"a router's that cannot be", 1500, 0, 1000, six, 1500, false},
		{"small without IPv6", 1500, 1000, 0, nil, 1000, false},
		{"small with IPv6", 1500, 1000, 0, six, 1280, true},
		{"small by the profile's own word", 1000, 0, 0, six, 1000, false},
		{"smaller than the profile's small one", 1000, 900, 0, six, 1000, true},
	} {
		v := verdict{ip6: tt.ip6}
		got := v.mtu(tt.wanted, &dhcp.Lease{MTU: tt.dhcp}, &autoconf.Config6{MTU: tt.ra})
		if got != tt.want || (len(v.refused) > 0) != tt.warned {
			t.Errorf("%s: %d, said %q; want %d", tt.name, got, v.refused, tt.want)
		}
	}
}

func TestDNSServerAtTheAddressOfTheHomeRouter(t *testing.T) {
	for dns, want := range map[string]bool{"192.168.1.1": true, "192.168.1.2": false, "10.20.0.1": false} {
		l := leased("10.20.0.1")
		l.DNS = []netip.Addr{netip.MustParseAddr(dns)}
		v := judge(&profile.Profile{UUID: "u", IPv4: profile.Addressing{Auto: true}}, l, nil, home)
		if got := strings.Contains(strings.Join(v.notices, "\n"), "has the address of the router"); got != want {
			t.Errorf("%s: noticed: %v", dns, got)
		}
	}
}
