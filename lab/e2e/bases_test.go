// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
)

// both has both cables up, the second one better or worse than the first.
func (w *world) both(better bool) {
	w.t.Helper()
	w.joins(plan.Bases[1], better)
}

// joins brings a base up beside the first one, better or worse than that.
func (w *world) joins(b plan.Base, better bool) {
	w.t.Helper()
	metric := "600"
	if better {
		metric = "70" // the tunnel has 50
	}
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", b.Profile, "ipv4.route-metric", metric, "ipv6.route-metric", metric)
	w.ok(err)
	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "up", b.Profile)
	w.ok(err)
}

// wan0 is the far end of the first base's cable.
const wan0 = "wan0"

// farAway hides from the VPN server what happens at the desktop's cable: in the lab the server is at its other end, and
// otherwise it is somewhere on the Internet, where packets for a computer that has left are lost without a word.
func (w *world) farAway() {
	w.t.Helper()
	for _, args := range [][]string{
		{"link", "add", "void", "arp", "off", "type", "veth", "peer", "void-far"},
		{"link", "set", "void", "up"},
		{"link", "set", "void-far", "up"},
		{"route", "add", "10.81.0.0/24", "dev", "void", "metric", "9999"},
		{"route", "add", "fd81::/64", "dev", "void", "metric", "9999"},
	} {
		_, err := w.Internet.Must(w.ctx, append([]string{"ip"}, args...)...)
		w.ok(err)
	}
}

// standsOn waits until the tunnel has a TCP connection over that base. Those over one that is gone are still waited for.
func (w *world) standsOn(b plan.Base, limit time.Duration) {
	w.t.Helper()
	w.eventually("the tunnel to stand on "+b.Device, limit, func() error {
		res, err := w.Desktop.Must(w.ctx, "ss", "-Htn", "state", "established", "dport", "=", ":443")
		if err != nil {
			return err
		}
		if !strings.Contains(res, "%"+b.Device+":") {
			return fmt.Errorf("its connections are\n%s", res)
		}
		return nil
	})
}

// on waits until NetworkManager says that the VPN is active over that base, with the route to the server there.
func (w *world) on(name string, b plan.Base) {
	w.t.Helper()
	w.eventually("NetworkManager to have the VPN on "+b.Device, 20*time.Second, func() error {
		state, err := w.Desktop.State(name)
		if err := is("state", state, desktop.Activated, err); err != nil {
			return err
		}
		devices, err := w.Desktop.BaseOf(name)
		if err := is("base", fmt.Sprint(devices), fmt.Sprint([]string{b.Device}), err); err != nil {
			return err
		}
		route4, err := w.Desktop.HostRoute(plan.ServerAddr.String())
		if err != nil {
			return err
		}
		route6, err := w.Desktop.HostRoute(plan.ServerAddr6.String())
		if route := route4 + route6; err == nil && !strings.HasSuffix(route, b.Device) {
			err = fmt.Errorf("the routes to the server are %q and %q", route4, route6)
		}
		return err
	})
}
