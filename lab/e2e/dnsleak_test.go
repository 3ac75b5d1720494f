// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// asksBase tries names while the VPN's own DNS servers are silent, and returns how many questions went to the base's.
func (w *world) asksBase() int {
	w.t.Helper()
	_, err := w.Office.Must(w.ctx, "nft", "table inet silent { chain dns { type filter hook input priority 0; udp dport 53 drop; }; }")
	w.ok(err)
	defer func() {
		_, err := w.Office.Must(w.ctx, "nft", "delete", "table", "inet", "silent")
		w.ok(err)
	}()
	seen := w.watchesBases()
	ctx, cancel := context.WithTimeout(w.ctx, 8*time.Second)
	defer cancel()
	_, _ = w.Desktop.Run(ctx, netns.Command{Args: []string{"getent", "ahosts", "secret.example"}})
	n := 0
	for what, times := range seen.left() {
		if strings.HasSuffix(what, "port 53") {
			n += times
		} else {
			w.t.Errorf("left in clear: %s", what)
		}
	}
	return n
}

func TestFullTunnelAsksNoOtherDNSServer(t *testing.T) {
	w := freshNetwork(t)
	one := servers.OfficeDHCP()
	one.DNS = one.DNS[:1] // which is asked in vain for five seconds, and then the next one
	w.office(one)
	full := []string{"ipv4.dns-priority", "-50", "ipv6.dns-priority", "-50"}
	for name, tt := range map[string]struct {
		more []string
		asks bool
	}{
		"as NetworkManager does it":         {nil, true},
		"as imported, added and edited":     {full, false},
		"in a split tunnel, as is expected": {[]string{"ipv4.never-default", "yes"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := enter(t, w.Lab)
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, tt.more...)))
			w.resolves("intranet.office.test", plan.OfficeGateway)
			n := w.asksBase()
			t.Logf("%d questions left in clear", n)
			if (n > 0) != tt.asks {
				t.Errorf("%d questions left in clear, want some: %t", n, tt.asks)
			}
			w.down("office")
		})
	}

	// A network without DNS servers leaves those of the base.
	none := servers.OfficeDHCP()
	none.Silent = true
	w.office(none)
	_, err := w.Office.Serve(w.ctx, servers.Kea, servers.KeaConfig(`"option-data": [{"name": "routers", "data": "10.20.0.1"}]`))
	w.ok(err)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, full...)))
	w.hasRoutes("default via 10.20.0.1 dev " + w.tap())
	w.resolves("www.public.test", plan.EverywhereWeb)
	w.down("office")
}
