// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// strictly runs nm-softether-strict on the desktop and returns what it says.
func (w *world) strictly(args ...string) string {
	w.t.Helper()
	dir, err := desktop.Stage()
	w.ok(err)
	out, err := w.Desktop.Must(w.ctx, append([]string{filepath.Join(dir, "usr/bin/nm-softether-strict")}, args...)...)
	w.ok(err)
	return out
}

// blocked checks that nothing leaves in clear, whatever is tried, while during runs.
func (w *world) blocked(during ...func()) {
	w.t.Helper()
	seen := w.watchesBases()
	w.sends(elsewhere4, elsewhere6, plan.EverywhereWeb, plan.Bases[0].Router, plan.Bases[0].Router6)
	for _, f := range during {
		f()
		w.sends(elsewhere4, elsewhere6)
	}
	seen.none()
}

// opened waits until both families leave in clear again: NetworkManager takes rules away a moment after it has said so.
func (w *world) opened() {
	w.t.Helper()
	for _, a := range []netip.Addr{elsewhere4, elsewhere6} {
		w.eventually("the way to "+a.String(), perTest/4, func() error {
			seen := w.watchesBases()
			w.sends(a)
			if left := seen.left(); !slices.ContainsFunc(slices.Collect(maps.Keys(left)), func(what string) bool { return strings.Contains(what, "to "+a.String()+",") }) {
				return fmt.Errorf("nothing left for it; seen: %v", left)
			}
			return nil
		})
	}
	// Where systemd-resolved listens: NetworkManager 1.52 takes the route there away with a profile of the loopback device.
	w.eventually("the way to 127.0.0.53", perTest/4, func() error {
		_, err := w.Desktop.Must(w.ctx, "ping", "-c", "1", "-W", "1", "127.0.0.53")
		return err
	})
}

func TestStrictModeHoldsWhateverHappensToTheVPN(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	if out := w.strictly("on", "office"); !strings.Contains(out, plan.ServerAddr.String()) {
		t.Errorf("on says %q", out)
	}
	w.blocked() // before the first connection
	w.ok(w.Desktop.Up(w.ctx, "office"))
	if banner, err := w.Desktop.Banner("office"); err != nil || strings.Contains(banner, "NOT blocked") {
		t.Errorf("the banner is %q, %v", banner, err)
	}
	w.pings(plan.OfficeGateway, plan.OfficeInner)
	w.resolves("intranet.office.test", plan.OfficeGateway)
	w.blocked(func() { w.pings(plan.OfficeInner) })

	t.Log("the service is killed")
	w.blocked(func() { w.ok(syscall.Kill(w.service(), syscall.SIGKILL)) }, func() { w.ok(w.Desktop.AwaitGone(w.ctx)) })
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)

	t.Log("the server ends the session")
	w.blocked(func() { w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice)) })
	w.eventually("the session again", 30*time.Second, func() error { return w.pingOnce(plan.OfficeInner) })

	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Log("NetworkManager ends by", sig)
		w.blocked(func() { w.ok(w.Desktop.StopNM(w.ctx, sig)) }, func() { w.ok(w.Desktop.StartNM(w.ctx)) })
		w.ok(w.Desktop.Up(w.ctx, "office"))
		w.pings(plan.OfficeInner)
	}

	t.Log("the person moves to another network")
	w.blocked(func() { w.ok(w.Desktop.UseBase(w.ctx, 1)) })
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)
	w.blocked()
	w.ok(w.Desktop.UseBase(w.ctx, 0))

	if out := w.strictly("status"); !strings.Contains(out, "office: yes, "+plan.ServerAddr.String()) {
		t.Errorf("status says %q", out)
	}
	w.strictly("off", "office")
	w.opened()
	w.ok(w.Desktop.Up(w.ctx, "office")) // with the password that was stored before
	w.web("office", w.addressIn(w.tap(), plan.OfficeNet))
	w.down("office")
	w.baseIntact()
	if out, err := w.Desktop.MustNMCLI(w.ctx, "-t", "-f", "NAME", "connection", "show"); err != nil || strings.Contains(out, "strict") {
		t.Errorf("connections are %q, %v", out, err)
	}
}

func TestStrictModeHoldsFromTheStartOfTheComputer(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	w.strictly("on", "office")
	for range 4 { // which device comes up first is chance
		w.starts()
	}
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)
	w.blocked()
	w.down("office")
}

// starts starts the computer, while something wants to leave all the time, from before there is an address.
func (w *world) starts() {
	w.t.Helper()
	w.ok(w.Desktop.StopNM(w.ctx, syscall.SIGTERM))
	w.ok(w.Desktop.Reboot(w.ctx))
	seen := w.watchesBases()
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			case <-time.After(time.Millisecond):
				for _, a := range []netip.Addr{elsewhere4, elsewhere6} {
					if c, err := w.Desktop.DialContext(w.ctx, "udp", netip.AddrPortFrom(a, 53).String()); err == nil {
						_, _ = c.Write([]byte("hello"))
						c.Close()
					}
				}
			}
		}
	}()
	w.ok(w.Desktop.StartNM(w.ctx))
	time.Sleep(2 * time.Second)
	close(stop)
	w.t.Logf("tried %d times", <-done)
	seen.none()
}

func TestStrictModeWithTheLocalNetwork(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	w.strictly("on", "--allow-lan", "office")
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.Bases[0].Router, plan.Bases[0].Router6, plan.OfficeGateway, plan.OfficeInner)
	seen := w.watchesBases()
	w.sends(elsewhere4, elsewhere6, plan.EverywhereWeb)
	seen.none()
	w.strictly("on", "office")
	seen = w.watchesBases()
	w.sends(plan.Bases[0].Router, plan.Bases[0].Router6)
	seen.none()
	w.pings(plan.OfficeInner)
	w.down("office")
}

func TestStrictSplitTunnel(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("split", softether.HubOffice, softether.Alice, "ipv4.never-default", "yes"))))
	w.strictly("on", "split")
	w.ok(w.Desktop.Up(w.ctx, "split"))
	w.pings(plan.OfficeGateway, plan.OfficeInner)
	w.blocked(func() { w.pings(plan.OfficeInner) })
	w.down("split")
	w.strictly("off", "--all")
	w.opened()
}

func TestStrictModeHoldsWhileRoaming(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "vpn.persistent", "yes"))))
	w.strictly("on", "office")
	w.ok(w.Desktop.Up(w.ctx, "office"))
	both := func() {
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[1].Profile)
		w.ok(err)
	}
	w.blocked(both, func() { w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile)) }, func() {
		w.eventually("the office over the other base", perTest/4, func() error { return w.pingOnce(plan.OfficeInner) })
	}, func() { w.ok(w.Desktop.Down(w.ctx, plan.Bases[1].Profile)) }, both, func() {
		w.eventually("the office after a time without any network", perTest/4, func() error { return w.pingOnce(plan.OfficeInner) })
	})
	w.wantState("office", desktop.Activated)
	w.down("office")
}

func TestOrdinaryUserTurnsStrictModeOnAndOff(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "connection.permissions", "user:"+netns.PersonName,
		"ipv4.auto-route-ext-gw", "no", "ipv6.route-table", "77"))))
	own := func() string {
		out, err := w.Desktop.MustNMCLI(w.ctx, "-g", "ipv4.route-table,ipv4.auto-route-ext-gw,ipv6.route-table,ipv6.auto-route-ext-gw", "connection", "show", "office")
		w.ok(err)
		return out
	}
	before := own()
	dir, err := desktop.Stage()
	w.ok(err)
	for _, command := range []string{"on", "off"} {
		res, err := w.Desktop.Run(w.ctx, netns.Command{User: netns.Person, Args: []string{filepath.Join(dir, "usr/bin/nm-softether-strict"), command, "office"}})
		if err != nil || res.Code != 0 {
			t.Fatalf("%s: %v\n%s", command, err, res.Text())
		}
		if command == "on" {
			w.blocked()
		}
	}
	w.opened()
	if got := own(); got != before {
		t.Errorf("the person's own settings are %q, were %q", got, before)
	}
}

func TestStrictProfileWithoutItsRulesSaysSo(t *testing.T) {
	w := network(t)
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	v.Data["strict"] = "yes"
	w.up(v)
	if banner, err := w.Desktop.Banner("office"); err != nil || !strings.Contains(banner, "NOT blocked") {
		t.Errorf("the banner is %q, %v", banner, err)
	}
	w.down("office")
}
