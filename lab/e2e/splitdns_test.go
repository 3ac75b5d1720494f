// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"testing"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// DNS servers that come without a domain and without a default route are asked about the networks in the tunnel, and
// about nothing else.
func TestDNSServersOfASplitTunnelWithoutADomain(t *testing.T) {
	for name, tc := range map[string]struct {
		never  string
		config string
		want   []string
	}{
		"no router":     {"no", keaOptions(keaOption(6, quad("10.20.0.1"))), []string{"~0.20.10.in-addr.arpa"}},
		"never-default": {"yes", keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(6, quad("10.20.0.1"))), []string{"~0.20.10.in-addr.arpa"}},
		"full tunnel":   {"no", keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(6, quad("10.20.0.1"))), nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			w.stranger(servers.Kea, servers.KeaConfig(tc.config))
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.never-default", tc.never)))
			w.inOffice("office")
			w.shows("office", "IP4.DNS", plan.OfficeGateway.String())
			dns := w.vpnDNS()
			if !slices.Equal(dns.Domains, tc.want) || !slices.Contains(dns.Servers, plan.OfficeGateway) {
				t.Errorf("NetworkManager has %+v, want the domains %v", dns, tc.want)
			}
			t.Logf("%+v\n%s", dns, w.Desktop.ResolvConf())
			w.down("office")
		})
	}
}
