// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// A router beside pushed routes is set aside; the line that says so also says what makes all traffic go by it.
func TestRouterBesidePushedRoutes(t *testing.T) {
	w := freshNetwork(t)
	kea := w.stranger(servers.Kea, servers.KeaConfig(keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(121, "100a1e"+quad("10.20.0.1")), keaOption(6, quad("10.20.0.1")))))
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	mark := w.Desktop.NMLogMark()
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.inOffice("office")
	w.pings(plan.OfficeInner)
	w.hasRoutes("10.30.0.0/16 via 10.20.0.1 dev " + w.tap())
	w.hasNoRoute("default via 10.20.0.1")
	w.shows("office", "IP4.ROUTE", "10.30.0.0/16")
	w.web("internet", plan.Bases[0].Address)
	log := w.Desktop.VPNLog(mark)
	remedy := regexp.MustCompile(`nmcli connection modify .*?0\.0\.0\.0/0 10\.20\.0\.1`).FindString(log)
	if strings.Count(log, "is set aside (RFC 3442)") != 1 || remedy == "" {
		t.Fatal("the log does not say once that the router is set aside, and what to do")
	}
	w.down("office")
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", "office", "+ipv4.routes", "0.0.0.0/0 10.20.0.1")
	w.ok(err)
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.eventually("the web by the office", 5*time.Second, func() error {
		got, err := w.Desktop.WhoAmI(w.ctx, plan.EverywhereWeb)
		return is("who answers", strings.HasPrefix(got, "office "), true, err)
	})
	w.down("office")

	// Two halves are a default route as well: taken where one is wanted, left out where not.
	w.ok(kea.End(w.ctx))
	w.stranger(servers.Kea, servers.KeaConfig(keaOptions(keaOption(121, "0100"+quad("10.20.0.1")+"0180"+quad("10.20.0.1")+"100a1e"+quad("10.20.0.1")))))
	for never, place := range map[string]string{"no": "office", "yes": "internet"} {
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", "office", "ipv4.routes", "", "ipv4.never-default", never)
		w.ok(err)
		mark := w.Desktop.NMLogMark()
		w.ok(w.Desktop.Up(w.ctx, "office"))
		w.inOffice("office")
		w.hasRoutes("10.30.0.0/16 via 10.20.0.1 dev " + w.tap())
		w.shows("office", "IP4.ROUTE", "10.30.0.0/16")
		w.pings(plan.OfficeInner)
		from := plan.Bases[0].Address
		if never == "no" {
			from = w.addressIn(w.tap(), plan.OfficeNet)
			w.hasRoutes("0.0.0.0/1 via 10.20.0.1 dev "+w.tap(), "128.0.0.0/1 via 10.20.0.1 dev "+w.tap())
		} else {
			w.hasNoRoute("0.0.0.0/1")
			w.hasNoRoute("128.0.0.0/1")
		}
		w.web(place, from)
		if log := w.Desktop.VPNLog(mark); strings.Contains(log, "together they are a default route") != (never == "yes") {
			t.Errorf("never-default=%s: what the log says of the halves:\n%s", never, log)
		}
		w.down("office")
	}
}
