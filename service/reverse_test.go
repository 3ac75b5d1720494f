// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"network-manager-softether/service/nmvpn"
)

func TestReverseZones(t *testing.T) {
	for net, want := range map[string]string{
		"10.20.0.0/24":   "0.20.10.in-addr.arpa",
		"10.20.0.5/24":   "0.20.10.in-addr.arpa",
		"10.20.0.128/25": "0.20.10.in-addr.arpa",
		"10.20.0.5/32":   "0.20.10.in-addr.arpa",
		"10.20.0.0/16":   "20.10.in-addr.arpa",
		"10.0.0.0/8":     "10.in-addr.arpa",
		"10.20.254.0/23": "254.20.10.in-addr.arpa 255.20.10.in-addr.arpa",
		"172.30.0.0/15":  "30.172.in-addr.arpa 31.172.in-addr.arpa",
		"128.0.0.0/1":    "",
	} {
		if got := strings.Join(zones(netip.MustParsePrefix(net)), " "); got != want {
			t.Errorf("%s: %q, want %q", net, got, want)
		}
	}
}

func TestDNSServersWithoutADomain(t *testing.T) {
	config := func(domains ...string) *nmvpn.IPConfig {
		return &nmvpn.IPConfig{
			Addr: netip.MustParsePrefix("10.20.0.100/24"), DNS: []netip.Addr{netip.MustParseAddr("10.20.0.1")}, Domains: domains,
			Routes: []nmvpn.Route{{Dst: netip.MustParsePrefix("10.30.0.0/16")}, {Dst: netip.MustParsePrefix("10.20.0.0/24")}},
		}
	}
	none := config()
	none.DNS = nil
	for name, tt := range map[string]struct {
		c    *nmvpn.IPConfig
		full bool
		want string
	}{
		"split, no domain": {config(), false, "[~0.20.10.in-addr.arpa ~30.10.in-addr.arpa]"},
		"split, a domain":  {config("corp.example"), false, "[corp.example]"},
		"full":             {config(), true, "[]"},
		"no servers":       {none, false, "[]"},
	} {
		routeDNS(tt.c, tt.full)
		if got := fmt.Sprint(tt.c.Domains); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	many := config()
	for i := range 100 {
		many.Routes = append(many.Routes, nmvpn.Route{Dst: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(i), 0}), 24)})
	}
	if routeDNS(many, false); len(many.Domains) != maxZones {
		t.Errorf("%d zones", len(many.Domains))
	}
	routeDNS(nil, false)
}
