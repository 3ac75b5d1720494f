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

// Kea leases an address that somebody has given himself: it is declined, and another one taken.
func TestLeasedAddressIsInUse(t *testing.T) {
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
