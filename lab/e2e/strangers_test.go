// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// stranger lets another program than dnsmasq hand out the office's addresses.
func (w *world) stranger(program, config string) *netns.Process {
	w.t.Helper()
	quiet := servers.OfficeDHCP()
	quiet.Silent = true
	w.office(quiet)
	p, err := w.Office.Serve(w.ctx, program, config)
	w.ok(err)
	return p
}

// kea is an option of Kea's language, by its number.
func keaOption(code int, hex string) string {
	return fmt.Sprintf(`{"code": %d, "csv-format": false, "data": "%s", "always-send": true}`, code, hex)
}

func keaOptions(list ...string) string { return `"option-data": [` + strings.Join(list, ", ") + `]` }

// quad is an address in hexadecimal.
func quad(addrs ...string) string {
	var b strings.Builder
	for _, a := range addrs {
		four := netip.MustParseAddr(a).As4()
		fmt.Fprintf(&b, "%x", four[:])
	}
	return b.String()
}

// Leases that NetworkManager's own DHCP client takes on a cable, from servers of all kinds.
func TestLeasesOfStrangersAreTaken(t *testing.T) {
	t.Parallel()
	const offLink = "10.99.0.1"
	dns := keaOption(6, quad("10.20.0.1"))
	for _, tc := range []struct {
		name, program, config string
		routes                []string // in the main table, %s is the TAP
		warned                string   // in the log
	}{
		{
			"router outside the subnet", servers.Kea, servers.KeaConfig(keaOptions(keaOption(3, quad(offLink)), dns)),
			[]string{"default via 10.99.0.1 dev %s", "10.99.0.1/32 dev %s"},
			"outside the subnet",
		},
		{
			"pushed default by a router outside the subnet", servers.Kea, servers.KeaConfig(keaOptions(keaOption(121, "00"+quad(offLink)), dns)),
			[]string{"default via 10.99.0.1 dev %s", "10.99.0.1/32 dev %s"},
			"outside the subnet",
		},
		{
			"pushed default on the link", servers.Kea, servers.KeaConfig(keaOptions(keaOption(121, "00"+quad("0.0.0.0")), dns)),
			[]string{"default dev %s"},
			"",
		},
		// Kea of Debian 13 does not send what is wrong.
		{
			"pushed routes cut off, router there", servers.ISC, `authoritative; default-lease-time 600;
			option broken code 121 = array of unsigned integer 8;
			subnet 10.20.0.0 netmask 255.255.255.0 { range 10.20.0.100 10.20.0.199;
				option routers 10.20.0.1; option domain-name-servers 10.20.0.1; option broken 16, 10, 30, 10, 20, 0, 1, 24, 10; }`,
			[]string{"default via 10.20.0.1 dev %s", "10.30.0.0/16 via 10.20.0.1 dev %s"},
			"damaged",
		},
		{
			"route by a router outside the subnet", servers.Kea,
			servers.KeaConfig(keaOptions(keaOption(121, "00"+quad("10.20.0.1")+"100a1e"+quad(offLink)), dns)),
			[]string{"default via 10.20.0.1 dev %s", "10.99.0.1/32 dev %s", "10.30.0.0/16 via 10.99.0.1 dev %s"},
			"outside the subnet",
		},
		{
			"classful routes", servers.ISC, `authoritative; default-lease-time 600;
			option broken code 15 = text;
			subnet 10.20.0.0 netmask 255.255.255.0 { range 10.20.0.100 10.20.0.199;
				option routers 10.20.0.1; option static-routes 10.30.0.1 10.20.0.1; option broken ".Office.test,lab.office.test"; }`,
			[]string{"default via 10.20.0.1 dev %s", "10.0.0.0/8 via 10.20.0.1 dev %s"},
			"",
		},
		{
			"the simplest server", servers.Udhcpd, "start 10.20.0.100\nend 10.20.0.199\noption subnet 255.255.255.0\noption router 10.20.0.1\noption dns 10.20.0.1\noption wins 10.20.0.2\noption ntpsrv 10.20.0.3\n",
			[]string{"default via 10.20.0.1 dev %s"},
			"",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := freshNetwork(t)
			// The host behind the router outside the subnet.
			w.ok(w.Office.AddAddr("eth0", netip.MustParsePrefix(offLink+"/32")))
			w.stranger(tc.program, tc.config)
			mark := w.Desktop.NMLogMark()
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
			tap := w.tap()
			var want []string
			for _, r := range tc.routes {
				want = append(want, fmt.Sprintf(r, tap))
			}
			w.hasRoutes(want...)
			w.shows("office", "IP4.ADDRESS", w.addressIn(tap, plan.OfficeNet).String())
			w.pings(plan.OfficeGateway, plan.OfficeInner)
			if log := w.Desktop.VPNLog(mark); tc.warned != "" && !strings.Contains(log, tc.warned) {
				t.Errorf("the log does not say %q", tc.warned)
			}
			w.down("office")
		})
	}
}

// A useless router spoils a lease only for a tunnel that would have used it.
func TestRouterNobodyNeeds(t *testing.T) {
	w := freshNetwork(t)
	w.stranger(servers.Kea, servers.KeaConfig(keaOptions(keaOption(3, quad("127.0.0.1")))))
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	w.ok(w.Desktop.Add(w.ctx, v))
	mark := w.Desktop.NMLogMark()
	if err := w.Desktop.Up(w.ctx, "office"); err == nil {
		t.Error("a default route to nowhere was taken")
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "option 3 (router) is 127.0.0.1") {
		t.Error("the log does not say what is wrong")
	}
	for _, more := range [][]string{{"ipv4.never-default", "yes"}, {"ipv4.never-default", "no", "ipv4.ignore-auto-routes", "yes"}} {
		_, err := w.Desktop.MustNMCLI(w.ctx, append([]string{"connection", "modify", "office"}, more...)...)
		w.ok(err)
		w.ok(w.Desktop.Up(w.ctx, "office"))
		w.pings(plan.OfficeGateway)
		w.web("internet", plan.Bases[0].Address)
		w.down("office")
	}
}

// SecureNAT pushes up to 64 routes, in the form that an administrator sent in and in the greatest.
func TestManyPushedRoutes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{37, 64} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := freshNetwork(t)
			var pushed []string
			for i := range n {
				pushed = append(pushed, fmt.Sprintf("10.%d.0.0/255.255.0.0/192.168.30.254", i+1))
			}
			_, err := w.Server.Admin(w.ctx, "Hub "+softether.HubNAT+"\nDhcpSet /START:192.168.30.10 /END:192.168.30.200 /MASK:255.255.255.0 /EXPIRE:7200 "+
				`/GW:none /DNS:192.168.30.1 /DNS2:none /DOMAIN:corp.example /LOG:no /PUSHROUTE:"`+strings.Join(pushed, ",")+`"`)
			w.ok(err)
			w.up(ipv4Only(w.profile("nat", softether.HubNAT, softether.Alice)))
			tap := w.tap()
			var want []string
			for i := range n {
				want = append(want, fmt.Sprintf("10.%d.0.0/16 via 192.168.30.254 dev %s", i+1, tap))
			}
			w.eventually("all routes", 10*time.Second, func() error {
				list, err := w.Desktop.Routes()
				if err != nil {
					return err
				}
				for _, r := range want {
					if !strings.Contains(strings.Join(list, "\n")+"\n", r+"\n") {
						return fmt.Errorf("%s is missing", r)
					}
				}
				return nil
			})
			w.shows("nat", "IP4.ROUTE", fmt.Sprintf("dst = 10.%d.0.0/16", n))
			w.pings(plan.NATGateway)
			w.web("internet", plan.Bases[0].Address)
			w.down("nat")
		})
	}
}

// What else servers say arrives at NetworkManager, mended where it is odd.
func TestNamesOfStrangers(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.stranger(servers.Kea, servers.KeaConfig(keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(6, quad("10.20.0.1")),
		keaOption(15, hex.EncodeToString([]byte(".Office.test,bücher.example"))),
		keaOption(42, quad("10.20.0.2")), keaOption(44, quad("10.20.0.1", "10.20.0.2")))))
	mark := w.Desktop.NMLogMark()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	dns := w.vpnDNS()
	for _, d := range []string{"office.test", "xn--bcher-kva.example"} {
		if !slices.Contains(dns.Domains, d) {
			t.Errorf("the search domains are %v, want %s among them", dns.Domains, d)
		}
	}
	wins, err := w.Desktop.WINS("office")
	w.ok(err)
	if !slices.Equal(wins, []string{"10.20.0.1", "10.20.0.2"}) {
		t.Errorf("NetworkManager has the WINS servers %v", wins)
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "NTP 10.20.0.2") {
		t.Error("the log does not have the time server")
	}
	w.shows("office", "IP4.DOMAIN", "office.test", "xn--bcher-kva.example")
	w.hasRoutes("default via 10.20.0.1 dev " + w.tap())
	w.inOffice("office")
	w.resolves("intranet.office.test", plan.OfficeGateway)
	w.down("office")
}
