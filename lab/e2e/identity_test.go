// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

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
		w.inOffice("office")
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

// The same for DHCPv6 servers, which know a computer by its DUID.
func TestDHCPv6ServerHearsWhatTheProfileSays(t *testing.T) {
	w := freshNetwork(t)
	server := w.dhcp6Office()
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.method", "disabled", "ipv6.may-fail", "no"))
	v.Data["mac"] = "5e:00:00:00:77:02"
	w.ok(w.Desktop.Add(w.ctx, v))
	for _, tc := range []struct{ duid, iaid, seen string }{
		{"", "", "00:03:00:01:5e:00:00:00:77:02"}, // of the MAC address, as NetworkManager's "ll"
		{"ll", "", "00:03:00:01:5e:00:00:00:77:02"},
		{"00:02:00:00:9d:d9:de:ad:01", "mac", "00:02:00:00:9d:d9:de:ad:01"},
	} {
		what := fmt.Sprintf("dhcp-duid=%q, dhcp-iaid=%q", tc.duid, tc.iaid)
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", "office", "ipv6.dhcp-duid", tc.duid, "ipv6.dhcp-iaid", tc.iaid)
		w.ok(err)
		mark := w.Desktop.NMLogMark()
		w.ok(w.Desktop.Up(w.ctx, "office"))
		var self netip.Addr
		w.eventually(what+": a leased address", 10*time.Second, func() error {
			a := w.addr6(leased6, false)
			if a == nil {
				return fmt.Errorf("there is none:\n%s", w.addrs6())
			}
			self, _ = netip.AddrFromSlice(a.IP)
			return nil
		})
		w.shows("office", "IP6.ADDRESS", self.String())
		w.hasRoutes("fd20::/64 dev " + w.tap())
		w.pings(officeGateway6)
		reply := fmt.Sprintf("Reply NA: address %v to client with duid %s iaid = %d", self, tc.seen, 0x7702)
		w.eventually(what+": what the server saw", 10*time.Second, func() error {
			return is("the reply in the server's log", strings.Contains(server.Tail(100000), reply), true, nil)
		})
		if named := strings.Contains(w.Desktop.VPNLog(mark), "ipv6.dhcp-iaid"); named != (tc.iaid != "") {
			t.Errorf("%s: the log names ipv6.dhcp-iaid: %v", what, named)
		}
		w.down("office")
	}
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
		{[]string{"ipv4.method", "link-local"}, false, "ipv4.method"},
		{[]string{"ipv4.method", "auto", "ipv6.method", "dhcp"}, false, "ipv6.method"},
		{[]string{"ipv6.method", "auto", "ipv4.dhcp-client-id", "duid"}, false, "ipv4.dhcp-client-id"},
		{[]string{"ipv4.dhcp-client-id", "", "ipv4.dhcp-iaid", "mac"}, true, "ipv4.dhcp-iaid"},
		{[]string{"ipv4.dhcp-iaid", "", "ipv6.dhcp-iaid", "mac"}, true, "ipv6.dhcp-iaid"},
		{[]string{"ipv6.dhcp-iaid", "", "ipv6.dhcp-duid", "stable-uuid"}, false, "ipv6.dhcp-duid"},
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
