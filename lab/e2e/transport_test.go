// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// by returns a profile of the office with that transport, to the server's address.
func (w *world) by(transport string) desktop.VPN {
	v := w.profile("office", softether.HubOffice, softether.Alice)
	v.Data["gateway"] = plan.ServerAddr.String()
	v.Data["transport"] = transport
	return quick(v)
}

// works brings the profile up and checks address, routes and traffic in both directions, then that the server really
// was reached as the firewall says.
func (w *world) works(v desktop.VPN) {
	w.t.Helper()
	began := time.Now()
	w.up(v)
	w.t.Logf("transport=%s: up after %.2f s", v.Data["transport"], time.Since(began).Seconds())
	w.pings(plan.OfficeGateway)
	rate, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 2*time.Second, false)
	w.ok(err)
	var back float64
	w.eventually("iperf3, which may still be busy", 10*time.Second, func() error {
		back, err = w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 2*time.Second, true)
		return err
	})
	w.t.Logf("transport=%s: %.0f Mbit/s there, %.0f back", v.Data["transport"], rate/1e6, back/1e6)
	if rate < 1e6 || back < 1e6 {
		w.t.Error("less than 1 Mbit/s")
	}
}

// The server is killed and comes back: the service, which has no rights any more by then, connects again the same way.
func (w *world) survives(v desktop.VPN) {
	w.t.Helper()
	before := w.snapshot()
	w.ok(w.Server.Kill(w.ctx))
	w.ok(w.Server.Start(w.ctx))
	w.t.Logf("transport=%s: traffic flows again %.1f s after the server's return", v.Data["transport"], w.flows(40*time.Second).Seconds())
	w.unchanged(v.Name, before)
}

func TestTransportICMP(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Server.OverICMP(w.ctx))
	v := w.by("icmp")
	w.ok(w.OnlyLet(w.ctx, "meta l4proto icmp"))
	w.works(v)
	w.survives(v)
	w.down(v.Name)
}

func TestTransportDNS(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Server.OverDNS(w.ctx))
	v := w.by("dns")
	// None of this is possible over DNS, and the server grants none of it.
	v.Data["max-connections"], v.Data["half-duplex"], v.Data["udp-acceleration"] = "4", "yes", "yes"
	w.ok(w.OnlyLet(w.ctx, "udp dport 53"))
	w.works(v)
	w.survives(v)
	w.down(v.Name)
}

func TestTransportUDP(t *testing.T) {
	w := freshNetwork(t)
	r, err := w.Server.BehindRendezvous(w.ctx)
	w.ok(err)
	v := w.by("udp")
	w.ok(w.OnlyLet(w.ctx, "meta l4proto udp"))
	w.works(v)
	asked := r.Asked()
	if len(asked) == 0 || asked[0].Str("dest_ip") != plan.ServerAddr.String() {
		t.Errorf("the rendezvous server was asked %d times", len(asked))
	}
	w.ok(w.OnlyLet(w.ctx, "meta l4proto udp numgen random mod 100 < 90"))
	rate, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 3*time.Second, false)
	w.ok(err)
	t.Logf("with 10 %% loss to the server: %.1f Mbit/s", rate/1e6)
	if rate < 1e6 {
		t.Error("loss stops the traffic")
	}
	w.ok(w.OnlyLet(w.ctx, "meta l4proto udp"))
	w.survives(v)
	w.down(v.Name)
}

// With transport=auto TCP is taken where it works, and what is left where it does not.
func TestTransportAuto(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Server.OverICMP(w.ctx))
	v := w.by("auto")
	w.works(v)
	if n := w.connections(1, 5*time.Second); len(n) != 1 {
		t.Errorf("the server has TCP connections %v, want one", n)
	}
	w.down(v.Name)
	w.ok(w.OnlyLet(w.ctx, "meta l4proto icmp"))
	w.ok(w.Desktop.Up(w.ctx, v.Name))
	w.pings(plan.OfficeGateway)
	w.down(v.Name)
}

// A server without these listeners is a failure that says so, not a wait for ever.
func TestTransportNobodyThere(t *testing.T) {
	w := freshNetwork(t)
	for _, transport := range []string{"icmp", "dns", "udp"} {
		v := w.by(transport)
		v.Name = "office-" + transport
		w.ok(w.Desktop.Add(w.ctx, v))
		began := time.Now()
		if err := w.Desktop.Up(w.ctx, v.Name); err == nil {
			t.Errorf("transport=%s connects", transport)
		}
		if d := time.Since(began); d > hung {
			t.Errorf("transport=%s fails after %v", transport, d)
		}
		w.eventually("the end of the service", 10*time.Second, func() error {
			if n := len(w.Desktop.Services()); n > 0 {
				return fmt.Errorf("%d services", n)
			}
			return nil
		})
	}
}
