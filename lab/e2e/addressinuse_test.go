// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// Kea leases an address that this computer has on the base connection: it is refused, and taken once that has another.
func TestLeasedAddressIsThatOfTheBase(t *testing.T) {
	w := freshNetwork(t)
	base := plan.Bases[0]
	leased := netip.MustParseAddr("10.20.0.100")
	set := func(sign string) {
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", base.Profile, sign+"ipv4.addresses", leased.String()+"/32")
		w.ok(err)
		_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", base.Device)
		w.ok(err)
	}
	set("+")
	w.stranger(servers.Kea, strings.Replace(servers.KeaConfig(keaOptions(keaOption(3, quad("10.20.0.1")))), "10.20.0.199", leased.String(), 1))
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv6.method", "disabled"))))
	mark := w.Desktop.NMLogMark()
	if err := w.Desktop.Up(w.ctx, "office"); err == nil {
		t.Error("the address of the base was taken")
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "an address that this computer already has on "+base.Device) {
		t.Error("the log does not say who has the address")
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
	if got, err := w.Desktop.RouteTo(leased); err != nil || got != "lo" {
		t.Errorf("the address of the base is by %s, %v", got, err)
	}
	set("-")
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.inOffice("office")
	if got := w.addressIn(w.tap(), plan.OfficeNet); got != leased {
		t.Errorf("the address is %v", got)
	}
	w.down("office")
}

// Kea leases an address that another host has: it is declined, and another one taken.
func TestLeasedAddressIsInUse(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{"used at once": nil, "probed before": {"ipv4.dad-timeout", "300"}} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			taken := netip.MustParseAddr("10.20.0.100") // Kea's first
			w.ok(w.Office.AddAddr("eth0", netip.PrefixFrom(taken, 24)))
			w.stranger(servers.Kea, servers.KeaConfig(keaOptions(keaOption(3, quad("10.20.0.1")))))
			mark := w.Desktop.NMLogMark()
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, more...)))
			w.has4(true, perTest/8)
			got := w.addressIn(w.tap(), plan.OfficeNet)
			if got == taken {
				t.Errorf("the address is %v, which another host has", got)
			}
			w.shows("office", "IP4.ADDRESS", got.String()+"/24")
			w.pings(taken, plan.OfficeInner)
			office, err := w.Office.Net.LinkByName("eth0")
			w.ok(err)
			w.eventually("the host that has the address in the log", perTest/8, func() error {
				if log := w.Desktop.VPNLog(mark); !strings.Contains(strings.ToLower(log), office.Attrs().HardwareAddr.String()) {
					return errors.New("it is not named")
				}
				return nil
			})
			w.down("office")
		})
	}
}
