// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// quick makes the service try again as often as it may.
func quick(v desktop.VPN) desktop.VPN {
	v.Data["reconnect-interval"] = "5"
	return v
}

// flows waits until the office answers again and returns how long that took.
func (w *world) flows(limit time.Duration) time.Duration {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, max(limit, hung/2))
	defer cancel()
	began := time.Now()
	_, err := w.Desktop.Ping(ctx, plan.OfficeGateway)
	w.ok(err)
	return time.Since(began)
}

// snapshot is what must not change when a session is replaced by another.
func (w *world) snapshot() string {
	w.t.Helper()
	tap := w.tap()
	link, err := w.Desktop.Net.LinkByName(tap)
	w.ok(err)
	addrs, err := w.Desktop.Addrs(tap)
	w.ok(err)
	routes, err := w.Desktop.Routes()
	w.ok(err)
	dns, err := w.Desktop.VPNDNS()
	w.ok(err)
	return fmt.Sprintf("%s index %d %v\n%v\n%v\n%v\npid %d", tap, link.Attrs().Index, link.Attrs().HardwareAddr, addrs, routes, dns, w.service())
}

// unchanged checks that the desktop looks as it did, and that NetworkManager still calls the VPN active.
func (w *world) unchanged(name, before string) {
	w.t.Helper()
	if after := w.snapshot(); after != before {
		w.t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	w.wantState(name, desktop.Activated)
}

func TestServerIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	for hub, gateway := range map[string]string{softether.HubOffice: plan.ServerName4, softether.HubNAT: plan.ServerName} {
		t.Run(hub, func(t *testing.T) {
			w := freshNetwork(t)
			v := w.profile("office", hub, softether.Alice)
			v.Data["gateway"] = gateway
			w.up(v) // with the reconnect-interval that people have by default
			before := w.snapshot()
			w.ok(w.Server.Kill(w.ctx))
			time.Sleep(7 * time.Second) // the outage
			if got := w.snapshot(); got != before {
				t.Errorf("during the outage:\n%s\nbefore it:\n%s", got, before)
			}
			w.ok(w.Server.Start(w.ctx))
			ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
			defer cancel()
			target := plan.OfficeGateway
			if hub == softether.HubNAT {
				target = plan.NATGateway
			}
			began := time.Now()
			_, err := w.Desktop.Ping(ctx, target)
			w.ok(err)
			took := time.Since(began)
			t.Logf("traffic flows %.1f s after the server's return", took.Seconds())
			if took > hung {
				t.Errorf("it took %v", took)
			}
			if hub == softether.HubOffice { // SecureNAT forgets its leases, and may give another address
				w.unchanged("office", before)
			}
			w.wantState("office", desktop.Activated)
			w.down("office")
		})
	}
}

func TestAdministratorKicksTheSession(t *testing.T) {
	w := freshNetwork(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	before := w.snapshot()
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	took := w.flows(20 * time.Second)
	t.Logf("traffic flows again after %.1f s", took.Seconds())
	w.unchanged("office", before)
}

func TestConnectionIsResetAtBothEnds(t *testing.T) {
	w := network(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	before := w.snapshot()
	w.ok(w.ResetConnections(w.ctx))
	took := w.flows(15 * time.Second)
	t.Logf("traffic flows again after %.1f s", took.Seconds())
	w.unchanged("office", before)
}

func TestConnectionIsForgottenOnTheWayAndTheSessionGoesOn(t *testing.T) {
	w := freshNetwork(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	before := w.snapshot()
	sessions, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
	w.ok(err)
	w.ok(w.ForgetConnections(w.ctx))
	took := w.flows(15 * time.Second)
	t.Logf("traffic flows again after %.1f s", took.Seconds())
	after, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
	w.ok(err)
	if len(sessions) != 1 || !slices.Equal(sessions, after) {
		t.Errorf("sessions are %v, before they were %v: a new login where the old session could be taken up again", after, sessions)
	}
	// The server sees that its old connection is dead only after its time-out.
	time.Sleep(25 * time.Second)
	w.flows(5 * time.Second)
	w.unchanged("office", before)
	w.down("office")
}

func TestPathIsSilentLongerThanTheSessionLives(t *testing.T) {
	w := freshNetwork(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	before := w.snapshot()
	w.ok(w.BlackHole(w.ctx, true))
	time.Sleep(30 * time.Second) // the server's time-out is 20 s
	w.unchanged("office", before)
	w.ok(w.BlackHole(w.ctx, false))
	took := w.flows(20 * time.Second)
	t.Logf("traffic flows %.1f s after the path's return", took.Seconds())
	w.unchanged("office", before)
	w.down("office")
}

func TestShortSilenceIsNoLoss(t *testing.T) {
	w := freshNetwork(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	before := w.snapshot()
	w.ok(w.BlackHole(w.ctx, true))
	time.Sleep(4 * time.Second)
	w.ok(w.BlackHole(w.ctx, false))
	w.flows(10 * time.Second)
	w.unchanged("office", before)
}

func TestPasswordIsChangedWhileConnected(t *testing.T) {
	w := freshNetwork(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	_, err := w.Server.Admin(w.ctx, "Hub "+softether.HubOffice+"\nUserPasswordSet alice /PASSWORD:other")
	w.ok(err)
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	// Trying again with a password that is refused would lock accounts; it ends.
	w.eventually("the connection to end", 20*time.Second, func() error {
		state, err := w.Desktop.State("office")
		return is("state", state, 0, err)
	})
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
}

func TestReconnectAttemptsAreLimited(t *testing.T) {
	w := freshNetwork(t)
	v := quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	v.Data["reconnect-attempts"] = "2"
	w.up(v)
	w.ok(w.Server.Kill(w.ctx))
	w.eventually("the connection to end", 40*time.Second, func() error {
		state, err := w.Desktop.State("office")
		return is("state", state, 0, err)
	})
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
}
