// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A server on the same link, as in a home without a router of its own, has an address that names the interface. No
// route leads to it; it is where it is for as long as the cable is in.
func TestServerIsReachedOnTheLink(t *testing.T) {
	w := network(t)
	const server = "fe80::10"
	far := plan.Bases[0].Far
	address := func(verb string) error {
		_, err := w.Internet.Must(w.ctx, "ip", "address", verb, server+"/64", "dev", far)
		return err
	}
	w.ok(address("replace"))
	defer func() { w.ok(address("del")) }()
	v := w.profile("link", softether.HubOffice, softether.Alice, "vpn.persistent", "yes")
	v.Data["gateway"] = server + "%" + plan.Bases[0].Device
	mark := w.Desktop.NMLogMark()
	w.up(v)
	w.pings(plan.OfficeInner)
	time.Sleep(time.Second) // longer than a base may be away
	w.pings(plan.OfficeInner)
	if said := w.Desktop.VPNLog(mark); strings.Contains(said, "waiting for a network") {
		t.Errorf("all is well, but the service logged\n%s", said)
	}
	w.ok(w.SetCable(0, false))
	w.says(mark, "waiting for a network: the device has no carrier")
	w.ok(w.SetCable(0, true))
	w.ok(address("replace")) // it went with the link
	w.says(mark, "going on over "+plan.Bases[0].Device)
	w.pings(plan.OfficeInner)
	w.down("link")
}
