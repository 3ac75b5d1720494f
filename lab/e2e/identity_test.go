// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// NetworkManager's own properties say what DHCP servers hear of this computer.
func TestDHCPServerHearsWhatTheProfileSays(t *testing.T) {
	w := freshNetwork(t)
	heard := func(want bool, words ...string) {
		t.Helper()
		for _, word := range words {
			if strings.Contains(w.Office.Log(1000), word) != want {
				t.Errorf("the DHCP server's log has %q: %v, want %v\n%s", word, !want, want, w.Office.Log(40))
			}
		}
	}
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.dhcp-vendor-class-identifier", "MSFT 5.0"))))
	set := func(more ...string) {
		t.Helper()
		_, err := w.Desktop.MustNMCLI(w.ctx, append([]string{"connection", "modify", "office"}, more...)...)
		w.ok(err)
		w.ok(w.Desktop.Up(w.ctx, "office"))
		w.pings(plan.OfficeGateway)
		w.down("office")
	}
	set("ipv4.dhcp-hostname", "laptop", "ipv4.dhcp-send-hostname", "no")
	heard(true, "vendor class: MSFT 5.0")
	heard(false, "client provides name")
	set("ipv4.dhcp-send-hostname", "yes", "ipv4.dhcp-client-id", "00:6a:6f:65")
	heard(true, "client provides name: laptop")
	set("ipv4.dhcp-hostname", "", "ipv4.dhcp-fqdn", "desk.office.test")
	heard(true, "client provides name: desk.office.test")
}

// What a VPN cannot do is refused by its name, not left out without a word.
func TestPropertiesThatCannotBeFollowed(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	for _, tc := range []struct {
		set  []string
		up   bool
		word string
	}{
		{[]string{"ipv4.method", "shared"}, false, "ipv4.method"},
		{[]string{"ipv4.method", "auto", "ipv6.method", "dhcp"}, false, "ipv6.method"},
		{[]string{"ipv6.method", "auto", "ipv4.dhcp-client-id", "duid"}, false, "ipv4.dhcp-client-id"},
		{[]string{"ipv4.dhcp-client-id", "", "ipv4.dhcp-iaid", "mac"}, true, "ipv4.dhcp-iaid"},
	} {
		_, err := w.Desktop.MustNMCLI(w.ctx, append([]string{"connection", "modify", "office"}, tc.set...)...)
		w.ok(err)
		mark := w.Desktop.NMLogMark()
		if err := w.Desktop.Up(w.ctx, "office"); (err == nil) != tc.up {
			t.Errorf("with %v: %v", tc.set, err)
		}
		if log := w.Desktop.VPNLog(mark); !strings.Contains(log, tc.word) {
			t.Errorf("with %v the log does not name %s", tc.set, tc.word)
		}
		if tc.up {
			w.down("office")
		}
		w.ok(w.Desktop.AwaitGone(w.ctx))
	}
}

// Addresses of IPv6 are made as the profile says.
func TestIPv6AddressOfTheProfile(t *testing.T) {
	w := freshNetwork(t)
	w.onlyIPv6()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.method", "disabled", "ipv6.token", "::1:2:3:4", "ipv6.addr-gen-mode", "eui64")))
	w.has6()
	addrs, err := w.Desktop.Addrs(w.tap())
	if err != nil || !slices.Contains(addrs, netip.MustParsePrefix("fd20::1:2:3:4/64")) {
		t.Errorf("addresses are %v, %v", addrs, err)
	}
	w.pings(officeGateway6)
	w.down("office")
}
