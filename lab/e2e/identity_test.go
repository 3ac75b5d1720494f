// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"network-manager-softether/lab/servers"
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
	for _, tc := range []struct {
		duid, iaid, seen string
		number           int // the IAID
		named            bool
	}{
		{"", "", "00:03:00:01:5e:00:00:00:77:02", 0x7702, false}, // of the MAC address, as NetworkManager's "ll"
		{"ll", "mac", "00:03:00:01:5e:00:00:00:77:02", 0x7702, false},
		{"00:02:00:00:9d:d9:de:ad:01", "4711", "00:02:00:00:9d:d9:de:ad:01", 4711, false},
		{"", "stable", "00:03:00:01:5e:00:00:00:77:02", 0x7702, true},
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
		reply := fmt.Sprintf("Reply NA: address %v to client with duid %s iaid = %d", self, tc.seen, tc.number)
		w.eventually(what+": what the server saw", 10*time.Second, func() error {
			return is("the reply in the server's log", strings.Contains(server.Tail(100000), reply), true, nil)
		})
		if named := strings.Contains(w.Desktop.VPNLog(mark), "ipv6.dhcp-iaid"); named != tc.named {
			t.Errorf("%s: the log names ipv6.dhcp-iaid: %v", what, named)
		}
		w.down("office")
	}
}

var waitedBriefly = regexp.MustCompile(`waited (\d|1\d)s: no DHCP server answered`)

// ipv4.dhcp-timeout is how long a DHCP server may be silent, also where that is longer or shorter than our own patience.
func TestPatienceWithASilentDHCPServer(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	quiet := servers.OfficeDHCP()
	quiet.Silent = true
	w.office(quiet)
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.dhcp-timeout", "3", "ipv6.method", "disabled"))
	w.ok(w.Desktop.Add(w.ctx, v))
	mark := w.Desktop.NMLogMark()
	if err := w.Desktop.Up(w.ctx, "office"); err == nil {
		t.Error("the connection is up without an address")
	}
	if log := w.Desktop.VPNLog(mark); !waitedBriefly.MatchString(log) {
		t.Errorf("the log does not say that the server was waited for less than our own 20 s:\n%s", log)
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", "office", "ipv4.dhcp-timeout", "50")
	w.ok(err)
	mark = w.Desktop.NMLogMark()
	up := make(chan error, 1)
	go func() { up <- w.Desktop.Up(w.ctx, "office") }()
	time.Sleep(23 * time.Second) // we would have given up after 20
	w.office(servers.OfficeDHCP())
	w.ok(<-up)
	w.inOffice("office")
	if n := strings.Count(w.Desktop.NMLog(mark), "logged in ("); n != 1 {
		t.Errorf("there were %d logins, want one", n)
	}
	w.down("office")
}

// With ipv6.method=link-local there is that address and nothing of a router, beside IPv4.
func TestLinkLocalIPv6(t *testing.T) {
	w := freshNetwork(t)
	w.dhcp6Office()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv6.method", "link-local")))
	w.inOffice("office")
	w.shows("office", "IP6.ADDRESS", "fe80:")
	addrs, err := w.Desktop.Addrs(w.tap())
	w.ok(err)
	if slices.ContainsFunc(addrs, func(p netip.Prefix) bool { return p.Addr().Is6() }) {
		t.Errorf("there are other addresses: %v", addrs)
	}
	w.hasNoRoute("fd20:")
	link, err := w.Office.Net.LinkByName("eth0")
	w.ok(err)
	all, err := w.Office.Net.AddrList(link, netlink.FAMILY_V6)
	w.ok(err)
	i := slices.IndexFunc(all, func(a netlink.Addr) bool { return a.IP.IsLinkLocalUnicast() })
	if i < 0 {
		t.Fatalf("the office has no such address: %v", all)
	}
	_, err = w.Desktop.Must(w.ctx, "ping", "-c", "1", "-w", "30", all[i].IP.String()+"%"+w.tap()) // until one is answered
	w.ok(err)
	w.down("office")
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
		{[]string{"ipv4.dhcp-iaid", "", "ipv6.dhcp-iaid", "stable"}, true, "ipv6.dhcp-iaid"},
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
