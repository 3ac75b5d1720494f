// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

func TestDataArrivesIntactInAllSizes(t *testing.T) {
	w := freshNetwork(t)
	six := servers.OfficeDHCP()
	six.RA = true
	w.ok(w.Office.Configure(w.ctx, six))
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	inner6 := netip.MustParseAddr("fd20::1")
	w.eventually("IPv6", 20*time.Second, func() error {
		dev, err := w.Desktop.RouteTo(inner6)
		if err == nil {
			return is("the way to "+inner6.String(), dev, w.tap(), nil)
		}
		return err
	})
	for _, addr := range []netip.Addr{plan.OfficeGateway, plan.OfficeInner, inner6} {
		w.pings(addr)
		ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
		if err := w.Desktop.EchoTCP(ctx, addr, 50<<20); err != nil {
			t.Errorf("%v: %v", addr, err)
		}
		cancel()
		// Small, an odd length, a full packet, and such that IP has to fragment.
		for _, size := range []int{1, 2, 63, 511, 1400, 1452, 1453, 1472, 1473, 4001, 16000, 60001} {
			if err := w.Desktop.EchoUDP(w.ctx, addr, size); err != nil {
				t.Errorf("%v: %v", addr, err)
			}
		}
	}
	w.down("office")
}

func TestDownloadSurvivesALostSession(t *testing.T) {
	w := freshNetwork(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
	defer cancel()
	go func() { done <- w.Desktop.EchoTCP(ctx, plan.OfficeGateway, 300<<20) }()
	time.Sleep(500 * time.Millisecond)
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	w.ok(<-done) // TCP through the tunnel only sees a pause
	w.wantState("office", desktop.Activated)
	w.down("office")
}
