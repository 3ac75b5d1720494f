// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/lab"
)

// ipv4Only makes the server's IPv4 address the one that is used, for tests that look at routes.
func ipv4Only(v lab.VPN) lab.VPN {
	v.Data["gateway"] = lab.ServerName4
	return v
}

func TestPersonConnectsWithPasswordAndIsInTheOffice(t *testing.T) {
	w := network(t)
	before, err := w.Desktop.Routes()
	w.ok(err)
	w.up(ipv4Only(w.profile("office", lab.HubOffice, lab.Alice)))

	tap := w.tap()
	if tap != "se0" {
		t.Errorf("the interface is called %s, want se0", tap)
	}
	self := w.addressIn(tap, lab.OfficeNet)
	w.hasRoutes(
		"default via 10.20.0.1 dev "+tap,
		"10.20.0.0/24 dev "+tap,
		"10.30.0.0/16 via 10.20.0.1 dev "+tap,
		serverRoute(lab.ServerAddr, lab.Bases[0]))
	w.pings(lab.OfficeGateway, lab.OfficeInner, lab.ServerAddr)
	w.web("office", self)
	want := lab.DNSEntry{
		Interface: tap, Servers: []netip.Addr{lab.OfficeGateway, lab.OfficeDNS2},
		Domains: []string{"office.test", "lab.office.test"}, VPN: true, Priority: 50,
	}
	got := w.vpnDNS()
	slices.Sort(got.Domains)
	slices.Sort(want.Domains)
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("DNS (-want +got)\n%s", diff)
	}
	w.resolves("intranet.office.test", lab.OfficeGateway)
	w.resolves("wiki.lab", lab.OfficeInner)
	w.wantState("office", lab.Activated)

	w.down("office")
	after, err := w.Desktop.Routes()
	w.ok(err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("routes after disconnecting (-before +after)\n%s", diff)
	}
	w.baseIntact()
}

func TestSplitTunnelLeavesTheInternetWhereItIs(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("split", lab.HubOffice, lab.Alice, "ipv4.never-default", "yes")))
	tap := w.tap()
	w.hasRoutes("10.20.0.0/24 dev "+tap, "10.30.0.0/16 via 10.20.0.1 dev "+tap)
	w.hasNoRoute("default via 10.20.0.1")
	w.pings(lab.OfficeGateway, lab.OfficeInner)
	w.web("internet", lab.Bases[0].Address)
	w.resolves("intranet.office.test", lab.OfficeGateway)
	w.down("split")
	w.baseIntact()
}

func TestOfficeWithoutRouterGivesNoDefaultRoute(t *testing.T) {
	w := network(t)
	dhcp := lab.OfficeDHCP()
	dhcp.Router, dhcp.Routes = netip.Addr{}, []lab.Route{{Dst: lab.InnerNet, Via: lab.OfficeGateway}}
	w.ok(w.Office.Configure(w.ctx, dhcp))
	t.Cleanup(func() { w.ok(w.Office.Configure(w.ctx, lab.OfficeDHCP())) })
	w.up(ipv4Only(w.profile("office", lab.HubOffice, lab.Alice)))
	w.pings(lab.OfficeInner)
	w.hasNoRoute("default dev " + w.tap())
	w.hasNoRoute("default via 10.20.0.1")
	w.web("internet", lab.Bases[0].Address)
}

func TestHubWithSecureNAT(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("nat", lab.HubNAT, lab.Alice)))
	tap := w.tap()
	w.addressIn(tap, lab.NATNet)
	w.hasRoutes("default via 192.168.30.1 dev "+tap, serverRoute(lab.ServerAddr, lab.Bases[0]))
	w.pings(lab.NATGateway)
	if got := w.vpnDNS(); !slices.Equal(got.Servers, []netip.Addr{lab.NATGateway}) || !slices.Equal(got.Domains, []string{"nat.test"}) {
		t.Errorf("DNS is %+v", got)
	}
	w.resolves("www.public.test", lab.EverywhereWeb)
	w.down("nat")
}

func TestServerIsReachedOverIPv6(t *testing.T) {
	for name, gateway := range map[string]string{"name": lab.ServerName6, "literal": "[2001:db8:113::10]:992"} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			v := w.profile("six", lab.HubOffice, lab.Alice)
			v.Data["gateway"] = gateway
			w.up(v)
			w.hasRoutes(serverRoute(lab.ServerAddr6, lab.Bases[0]))
			w.pings(lab.OfficeInner)
			w.down("six")
		})
	}
}

func TestServerNameWithDeadAddressesStillConnectsSoon(t *testing.T) {
	w := network(t)
	v := w.profile("moved", lab.HubOffice, lab.Alice)
	v.Data["gateway"] = lab.MovedServerName
	began := time.Now()
	w.up(v)
	// One after the other they would take 10 s each; side by side it is less than one.
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("connecting took %v with one of three addresses alive", took)
	}
	w.hasRoutes(serverRoute(lab.ServerAddr, lab.Bases[0]))
}

func TestPersonChoosesTheInterfaceName(t *testing.T) {
	w := network(t)
	w.up(w.profile("named", lab.HubOffice, lab.Alice, "connection.interface-name", "work0"))
	if tap := w.tap(); tap != "work0" {
		t.Errorf("the interface is called %s, want work0", tap)
	}
	w.down("named")
}

func TestTwoConnectionsToTwoHubsAtOnce(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("office", lab.HubOffice, lab.Alice)))
	w.up(ipv4Only(w.profile("nat", lab.HubNAT, lab.Alice, "ipv4.never-default", "yes")))
	if pids, taps := w.Desktop.Services(), w.taps(); len(pids) != 2 || !slices.Equal(taps, []string{"se0", "se1"}) {
		t.Errorf("services %v and TAPs %v, want two of each", pids, taps)
	}
	w.pings(lab.OfficeInner, lab.NATGateway)
	w.ok(w.Desktop.Down(w.ctx, "office"))
	w.eventually("the first connection to be gone", 5*time.Second, func() error {
		return is("number of services", len(w.Desktop.Services()), 1, nil)
	})
	w.pings(lab.NATGateway)
	w.wantState("nat", lab.Activated)
	w.down("nat")
	w.baseIntact()
}

func (w *world) taps() []string {
	w.t.Helper()
	taps, err := w.Desktop.TAPs()
	w.ok(err)
	slices.Sort(taps)
	return taps
}
