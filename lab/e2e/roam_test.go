// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
)

func TestABetterNetworkComesUp(t *testing.T) {
	t.Parallel()
	rides(t, every, func(t *testing.T, r ride) {
		w := freshNetwork(t)
		w.verbose()
		w.up(r.of(w.persistent()))
		w.standsOn(plan.Bases[0], 5*time.Second)
		same := w.sameSession()
		end := w.streamsMeanwhile()
		b := w.beats()
		secret := w.private(r.full)
		w.both(true)
		w.standsOn(plan.Bases[1], 20*time.Second)
		planned := b.gap()
		lost := b.stop()
		t.Logf("walked to the better base: longest gap %v, %d datagrams lost", planned, lost)
		if lost > 0 {
			t.Errorf("%d datagrams were lost though both bases were up", lost)
		}
		b = w.beats()
		w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
		t.Logf("the former base goes: longest gap %v", b.gap())
		w.on("office", plan.Bases[1])
		t.Logf("NetworkManager has followed: longest gap %v, %d lost", b.gap(), b.stop())
		end()
		secret()
		same()
		w.down("office")
	})
}

func TestTheNetworkIsLeft(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		leave func(w *world)
	}{
		{"disconnected", func(w *world) { w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile)) }},
		{"cable pulled", func(w *world) { w.ok(w.Internet.SetLink(wan0, false)) }},
		{"device gone", func(w *world) {
			link, err := w.Desktop.Net.LinkByName(plan.Bases[0].Device)
			w.ok(err)
			w.ok(w.Desktop.Net.LinkDel(link))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rides(t, every, func(t *testing.T, r ride) {
				w := freshNetwork(t)
				w.verbose()
				w.both(false)
				w.farAway()
				w.up(r.of(w.persistent()))
				w.standsOn(plan.Bases[0], 5*time.Second)
				end := w.streamsMeanwhile()
				b := w.beats()
				secret := w.private(r.full)
				tt.leave(w)
				t.Logf("longest gap %v", b.gap())
				w.standsOn(plan.Bases[1], 10*time.Second)
				w.on("office", plan.Bases[1])
				t.Logf("NetworkManager has followed: longest gap %v, %d lost", b.gap(), b.stop())
				end()
				secret()
				w.down("office")
			})
		})
	}
}

// oneVersionEach leaves the first network IPv4 only, and the second one IPv6.
func (w *world) oneVersionEach() {
	w.t.Helper()
	for _, change := range [][]string{
		{"connection", "modify", plan.Bases[0].Profile, "ipv6.method", "disabled", "ipv6.addresses", "", "ipv6.gateway", ""},
		{"connection", "up", plan.Bases[0].Profile},
		{"connection", "modify", plan.Bases[1].Profile, "ipv4.method", "disabled", "ipv4.addresses", "", "ipv4.gateway", "", "ipv4.dns", "", "ipv6.dns", plan.Bases[1].Router6.String()},
	} {
		_, err := w.Desktop.MustNMCLI(w.ctx, change...)
		w.ok(err)
	}
}

// The one network has IPv4 only, as the server has, and the other one IPv6 only, with name servers that know an address
// for it there.
func TestOnlyTheOtherNetworksNameServersKnowAnAddress(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.oneVersionEach()
	v := w.persistent()
	v.Data["gateway"] = movingName
	w.ok(w.MoveName(movingName, plan.ServerAddr))
	w.up(v)
	w.standsOn(plan.Bases[0], 5*time.Second)
	w.both(false)
	w.ok(w.MoveName(movingName, plan.ServerAddr6))
	same := w.sameSession()
	end := w.streamsMeanwhile()
	b := w.beats()
	secret := w.private(true)
	w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
	gap := b.gap()
	t.Logf("longest gap %v, %d lost", gap, b.stop())
	w.standsOn(plan.Bases[1], 5*time.Second)
	w.on("office", plan.Bases[1])
	end()
	secret()
	same()
	w.down("office")
}

// The one network has IPv4 only, the other one IPv6 only, and the server's name has both.
func TestTheOtherNetworkHasTheOtherIPVersion(t *testing.T) {
	t.Parallel()
	tunnels(t, func(t *testing.T, kind func(desktop.VPN) desktop.VPN) {
		w := freshNetwork(t)
		w.verbose()
		w.oneVersionEach()
		v := w.persistent()
		v.Data["gateway"] = plan.ServerName
		w.up(kind(v))
		w.standsOn(plan.Bases[0], 5*time.Second)
		same := w.sameSession()
		w.both(false)
		for i, down := range []int{0, 1} {
			end := w.streamsMeanwhile()
			b := w.beats()
			secret := w.private(false)
			w.ok(w.Desktop.Down(w.ctx, plan.Bases[down].Profile))
			gap := b.gap()
			t.Logf("from %s: longest gap %v, %d lost", plan.Bases[down].Device, gap, b.stop())
			w.standsOn(plan.Bases[1-down], 5*time.Second)
			w.on("office", plan.Bases[1-down])
			end()
			secret()
			if i == 0 {
				same()
				// Soon after this one the server may still count what was left behind: the next move may be a new login.
				_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[0].Profile)
				w.ok(err)
			}
		}
		w.down("office")
	})
}

func TestUDPAccelerationFollows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		better, full bool
		leave        func(w *world)
	}{
		"to a better base":        {true, true, func(w *world) { w.both(true) }},
		"from one that is gone":   {false, false, func(w *world) { w.ok(w.Internet.SetLink(wan0, false)) }},
		"from one that is silent": {false, true, func(w *world) { w.ok(w.Vanish(w.ctx, plan.Bases[0])) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			if !tt.better {
				w.both(false)
				w.farAway()
			}
			v := w.accelerate("yes")
			v.More = append(v.More, "vpn.persistent", "yes")
			v.Data["gateway"] = plan.ServerName4
			if !tt.full {
				v = splitTunnel(v)
			}
			w.ok(w.Desktop.Add(w.ctx, v))
			if tt.full {
				w.strictly("on", v.Name)
			}
			w.ok(w.Desktop.Up(w.ctx, v.Name))
			w.settles("UDP to carry everything", 40*time.Second, allUDP)
			b := w.beats()
			secret := w.private(tt.full)
			tt.leave(w)
			w.standsOn(plan.Bases[1], 20*time.Second)
			gap := b.gap()
			t.Logf("longest gap %v, %d lost", gap, b.stop())
			secret()
			w.settles("UDP to carry everything again", 40*time.Second, allUDP)
			w.down("fast")
		})
	}
}
