// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// What a router gave ends with its times, when nobody prolongs it: address, DNS and domains.
func TestIPv6Expires(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{"full tunnel": nil, "split tunnel": {"ipv4.never-default", "yes", "ipv6.never-default", "yes"}} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			w.ok(w.Office.Configure(w.ctx, servers.OfficeDHCP()))
			radvd, err := w.Office.Serve(w.ctx, servers.Radvd, `interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime 10;
				prefix fd20::/64 { AdvValidLifetime 15; AdvPreferredLifetime 10; }; RDNSS fd20::1 { AdvRDNSSLifetime 10; }; DNSSL six.office.test { AdvDNSSLLifetime 10; }; };`)
			w.ok(err)
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, more...)))
			w.has6()
			w.pings(officeGateway6)
			mark := w.Desktop.NMLogMark()
			w.ok(radvd.Stop(w.ctx, syscall.SIGKILL)) // no goodbye
			w.eventually("the address and its DNS to be gone", 60*time.Second, func() error {
				addrs, err := w.Desktop.Addrs(w.tap())
				dns, dnsErr := w.Desktop.VPNDNS()
				left := slices.ContainsFunc(addrs, func(p netip.Prefix) bool { return plan.OfficeNet6.Contains(p.Addr()) })
				for _, e := range dns {
					left = left || slices.Contains(e.Servers, officeGateway6) || slices.Contains(e.Domains, "six.office.test")
				}
				if err != nil || dnsErr != nil || left {
					return fmt.Errorf("addresses %v, DNS %v, %v, %v", addrs, dns, err, dnsErr)
				}
				return nil
			})
			if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "the IPv6 address has expired") {
				t.Error("the log does not say so")
			}
			w.wantState("office", desktop.Activated)
			w.pings(plan.OfficeInner)
			w.resolves("intranet.office.test", plan.OfficeGateway)
			_, err = w.Office.Serve(w.ctx, servers.Radvd, radvdConfig)
			w.ok(err)
			w.has6()
			w.pings(officeGateway6)
			w.down("office")
		})
	}
}

// An MTU too small for IPv6 does not take IPv6 off the device.
func TestSmallMTU(t *testing.T) {
	w := freshNetwork(t)
	w.stranger(servers.Kea, servers.KeaConfig(keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(26, "03e8"))))
	_, err := w.Office.Serve(w.ctx, servers.Radvd, radvdConfig)
	w.ok(err)
	mark := w.Desktop.NMLogMark()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.has6()
	w.pings(officeGateway6, plan.OfficeInner)
	w.shows("office", "IP6.ADDRESS", "fd20:")
	link, err := w.Desktop.Net.LinkByName(w.tap())
	w.ok(err)
	if mtu := link.Attrs().MTU; mtu != 1280 {
		t.Errorf("the MTU is %d, want 1280", mtu)
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "MTU of 1000 is less than IPv6 needs") {
		t.Error("the log does not say that the MTU was raised")
	}
	w.down("office")
}

// A DNS server of the VPN at the address of the router at home is a trap that is named.
func TestDNSServerWithTheRoutersAddress(t *testing.T) {
	w := freshNetwork(t)
	w.stranger(servers.Kea, servers.KeaConfig(keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(6, quad(plan.Bases[0].Router.String())))))
	mark := w.Desktop.NMLogMark()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.inOffice("office")
	w.pings(plan.OfficeInner)
	w.shows("office", "IP4.DNS", plan.Bases[0].Router.String())
	w.hasRoutes("default via 10.20.0.1 dev " + w.tap())
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "has the address of the router of "+plan.Bases[0].Device) {
		t.Error("the log does not say so")
	}
	w.down("office")
}
