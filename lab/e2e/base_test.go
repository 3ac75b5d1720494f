// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// endsWithItsBase checks that the connection ends when the connection below it does, and that it can be made again on
// the other one.
func (w *world) endsWithItsBase(v desktop.VPN, loseBase func()) {
	w.t.Helper()
	w.up(v)
	loseBase()
	w.eventually("the VPN to end", perTest/4, func() error {
		state, err := w.Desktop.State(v.Name)
		return is("state", state, 0, err)
	})
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.ok(w.Desktop.UseBase(w.ctx, 1))
	w.pings(plan.ServerAddr)
	w.ok(w.Desktop.Up(w.ctx, v.Name))
	w.hasRoutes(serverRoute(plan.ServerAddr, plan.Bases[1]))
	w.pings(plan.OfficeInner)
	w.down(v.Name)
}

func TestBaseConnectionIsSwitchedOff(t *testing.T) {
	w := freshNetwork(t)
	w.endsWithItsBase(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)), func() {
		w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
	})
}

func TestCableOfTheBaseConnectionIsPulled(t *testing.T) {
	w := freshNetwork(t)
	w.endsWithItsBase(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)), func() {
		w.ok(w.Desktop.SetLink(plan.Bases[0].Device, false))
		w.ok(w.Desktop.UseBase(w.ctx, 1))
	})
}

func TestBothBasesAreUpAndTheUnusedOneGoes(t *testing.T) {
	w := freshNetwork(t)
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[1].Profile)
	w.ok(err)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	route := serverRoute(plan.ServerAddr, plan.Bases[0])
	w.hasRoutes(route)
	w.ok(w.Desktop.Down(w.ctx, plan.Bases[1].Profile))
	w.pings(plan.OfficeInner)
	w.hasRoutes(route)
	w.wantState("office", desktop.Activated)
	w.down("office")
}

func TestNetworkingIsSwitchedOffAndOn(t *testing.T) {
	w := freshNetwork(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	_, err := w.Desktop.MustNMCLI(w.ctx, "networking", "off")
	w.ok(err)
	w.ok(w.Desktop.AwaitGone(w.ctx))
	_, err = w.Desktop.MustNMCLI(w.ctx, "networking", "on")
	w.ok(err)
	w.ok(w.Desktop.UseBase(w.ctx, 0))
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)
	w.down("office")
}
