// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// shortLease makes clients renew every few seconds.
func shortLease() servers.DHCP {
	c := servers.OfficeDHCP()
	c.Lease, c.T1, c.T2 = 2*time.Minute, 5*time.Second, 40*time.Second
	return c
}

// office reconfigures DHCP for the rest of the test.
func (w *world) office(c servers.DHCP) {
	w.t.Helper()
	w.ok(w.Office.Configure(w.ctx, c))
}

func TestRenewedLeaseBringsAnotherDNSServer(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{"full tunnel": nil, "split tunnel": {"ipv4.never-default", "yes"}} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			w.office(shortLease())
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, more...)))
			before := w.addressIn(w.tap(), plan.OfficeNet)
			changed := shortLease()
			changed.DNS, changed.Search = []netip.Addr{plan.OfficeDNS2}, []string{"new.office.test"}
			w.office(changed)
			w.eventually("the new DNS server", 20*time.Second, func() error {
				list, err := w.Desktop.VPNDNS()
				if err != nil || len(list) != 1 || !slices.Equal(list[0].Servers, changed.DNS) || !slices.Contains(list[0].Domains, "new.office.test") {
					return fmt.Errorf("DNS is %v, %v", list, err)
				}
				return nil
			})
			if conf := w.Desktop.ResolvConf(); strings.Contains(conf, "nameserver "+plan.OfficeGateway.String()) {
				t.Errorf("the old server is still in use:\n%s", conf)
			}
			w.wantState("office", desktop.Activated)
			if after := w.addressIn(w.tap(), plan.OfficeNet); after != before {
				t.Errorf("the address changed from %v to %v", before, after)
			}
			w.resolves("intranet.office.test", plan.OfficeGateway)
			w.pings(plan.OfficeInner)

			// And once more, with the same difference the other way round.
			w.office(shortLease())
			w.eventually("the old DNS servers again", 20*time.Second, func() error {
				list, err := w.Desktop.VPNDNS()
				if err != nil || len(list) != 1 || len(list[0].Servers) != 2 {
					return fmt.Errorf("DNS is %v, %v", list, err)
				}
				return nil
			})
			w.wantState("office", desktop.Activated)
			w.down("office")
		})
	}
}

func TestRenewedLeaseBringsAnotherRoute(t *testing.T) {
	w := freshNetwork(t)
	w.office(shortLease())
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	tap := w.tap()
	changed := shortLease()
	changed.Routes = append(changed.Routes[:1], servers.Route{Dst: netip.MustParsePrefix("10.40.0.0/16"), Via: plan.OfficeGateway})
	w.office(changed)
	w.eventually("the new route", 20*time.Second, func() error {
		routes, err := w.Desktop.Routes()
		if err != nil || !slices.Contains(routes, "10.40.0.0/16 via 10.20.0.1 dev "+tap) || slices.Contains(routes, "10.30.0.0/16 via 10.20.0.1 dev "+tap) {
			return fmt.Errorf("routes are %v, %v", routes, err)
		}
		return nil
	})
	w.wantState("office", desktop.Activated)
	w.pings(plan.OfficeGateway)
	w.down("office")
}

func TestRenewalsThatChangeNothingDisturbNothing(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.office(shortLease())
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	before := w.snapshot()
	mark := w.Desktop.NMLogMark()
	asked := strings.Count(w.Office.Log(1000), "DHCPACK")
	time.Sleep(12 * time.Second) // two renewals
	if n := strings.Count(w.Office.Log(1000), "DHCPACK") - asked; n < 2 {
		t.Errorf("the lease was renewed %d times:\n%s", n, w.Office.Log(10))
	}
	w.unchanged("office", before)
	for level, want := range map[string]bool{"debug..debug": true, "info": false} {
		lines, err := w.Desktop.Journalctl(w.ctx, "--output=cat", "--priority="+level)
		w.ok(err)
		if strings.Contains(lines, "DHCP lease renewed") != want {
			t.Errorf("whether the renewals are in the journal at %s: %v, want %v", level, !want, want)
		}
	}
	if log := w.Desktop.NMLog(mark); strings.Contains(log, "dbus: state changed") {
		t.Error("the service announced another state")
	}
	w.down("office")
}

func TestOfficeMovesToOtherAddresses(t *testing.T) {
	w := freshNetwork(t)
	w.office(shortLease())
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	before := w.addressIn(w.tap(), plan.OfficeNet)
	mark := w.Desktop.NMLogMark()
	moved := shortLease()
	moved.First, moved.Last = netip.MustParseAddr("10.20.0.20"), netip.MustParseAddr("10.20.0.29")
	w.office(moved) // which refuses to renew the old address
	w.eventually("another address", 30*time.Second, func() error {
		addrs, err := w.Desktop.Addrs(w.tap())
		addrs = slices.DeleteFunc(addrs, func(p netip.Prefix) bool { return p.Addr().Is6() }) // the closed one
		if err != nil || len(addrs) != 1 || addrs[0].Addr() == before {
			return fmt.Errorf("addresses are %v, %v", addrs, err)
		}
		return nil
	})
	w.wantState("office", desktop.Activated)
	w.inOffice("office")
	w.pings(plan.OfficeInner)
	// What the server gave as its reason, seen by who looks at warnings only.
	lines, err := w.Desktop.Journalctl(w.ctx, "--output=cat", "--priority=warning")
	w.ok(err)
	if n := strings.Count(lines, `the DHCP server takes the address back, looking for another: dhcp: server 10.20.0.1: the DHCP server refused the address, saying "`); n != 1 {
		t.Errorf("the cause is in the journal %d times, want once:\n%s", n, w.Desktop.VPNLog(mark))
	}
	w.down("office")
}

func TestStaticAddressAsksNoDHCPServer(t *testing.T) {
	w := network(t)
	quiet := w.Office.Log(100000)
	w.up(ipv4Only(w.profile("static", softether.HubOffice, softether.Alice,
		"ipv4.method", "manual", "ipv4.addresses", "10.20.0.50/24", "ipv4.never-default", "yes")))
	if got := w.addressIn(w.tap(), plan.OfficeNet); got.String() != "10.20.0.50" {
		t.Errorf("the address is %v", got)
	}
	w.pings(plan.OfficeGateway)
	w.web("internet", plan.Bases[0].Address)
	if log := strings.TrimPrefix(w.Office.Log(100000), quiet); strings.Count(log, "DHCPDISCOVER") > strings.Count(quiet, "DHCPDISCOVER") {
		t.Error("the DHCP server was asked")
	}
	w.down("static")
}

func TestLayerTwoOnly(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("layer2", softether.HubOffice, softether.Alice, "ipv4.method", "disabled", "ipv6.method", "disabled")))
	if addrs, err := w.Desktop.Addrs(w.tap()); err != nil || len(addrs) != 0 {
		t.Errorf("addresses are %v, %v", addrs, err)
	}
	if dns, err := w.Desktop.VPNDNS(); err != nil || len(dns) != 0 {
		t.Errorf("DNS is %v, %v", dns, err)
	}
	w.web("internet", plan.Bases[0].Address)
	w.down("layer2")
}

func TestIPv6FromRouterAdvertisements(t *testing.T) {
	w := freshNetwork(t)
	six := servers.OfficeDHCP()
	six.RA = true
	w.office(six)
	time.Sleep(time.Second) // dnsmasq begins to answer router solicitations a moment after its start
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	gateway := netip.MustParseAddr("fd20::1")
	var self netip.Addr
	w.eventually("an IPv6 address", 15*time.Second, func() error {
		addrs, err := w.Desktop.Addrs(w.tap())
		for _, a := range addrs {
			if plan.OfficeNet6.Contains(a.Addr()) && a.Bits() == 64 {
				self = a.Addr()
				return nil
			}
		}
		return fmt.Errorf("addresses are %v, %v", addrs, err)
	})
	w.eventually("an IPv6 DNS server", 5*time.Second, func() error {
		list, err := w.Desktop.VPNDNS()
		for _, e := range list {
			if slices.Contains(e.Servers, gateway) && slices.Contains(e.Domains, "six.office.test") {
				return nil
			}
		}
		return fmt.Errorf("DNS is %v, %v", list, err)
	})
	w.pings(gateway, plan.OfficeInner)
	t.Logf("IPv6 address %v", self)
	w.down("office")

	w.up(ipv4Only(w.profile("without", softether.HubOffice, softether.Alice, "ipv6.method", "disabled")))
	time.Sleep(3 * time.Second)
	addrs, err := w.Desktop.Addrs(w.tap())
	if err != nil || slices.ContainsFunc(addrs, func(p netip.Prefix) bool { return p.Addr().Is6() }) {
		t.Errorf("with IPv6 disabled the addresses are %v, %v", addrs, err)
	}
	w.down("without")
}
