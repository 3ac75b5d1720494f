// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

func TestFullTunnelLeavesNoIPv6InClear(t *testing.T) {
	w := freshNetwork(t)
	seen := w.watchesBases()
	w.sends(elsewhere6)
	seen.some(elsewhere6) // without the VPN
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	banner, err := w.Desktop.Banner("office")
	if err != nil || !strings.Contains(banner, "IPv6 is blocked") {
		t.Errorf("the banner is %q, %v", banner, err)
	}
	seen = w.watchesBases()
	w.sends(elsewhere6, elsewhere4)
	seen.none()
	// The local network can still be reached, and the server over IPv6.
	w.pings(plan.Bases[0].Router6)
	w.down("office")
	w.baseIntact()
	seen = w.watchesBases()
	w.sends(elsewhere6)
	seen.some(elsewhere6)
}

// The kernel turns from a router that does not answer to that of the base.
func TestFullTunnelKeepsIPv6WhoeverIsSilentInTheHub(t *testing.T) {
	t.Parallel()
	t.Run("the hub has no IPv6", func(t *testing.T) {
		w := freshNetwork(t)
		w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
		end := w.private(true)
		time.Sleep(5 * time.Second) // it asks three times, a second each
		end()
		ctx, cancel := context.WithTimeout(w.ctx, hung)
		defer cancel()
		if _, err := w.Desktop.DialContext(ctx, "tcp", netip.AddrPortFrom(elsewhere6, 443).String()); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("a connection fails with %v, want at once that the network is unreachable", err)
		}
		w.down("office")
	})
	t.Run("its router does not answer", func(t *testing.T) {
		w := freshNetwork(t)
		both := servers.OfficeDHCP()
		both.RA = true
		w.office(both)
		w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
		w.has6()
		w.pings(officeGateway6)
		tap := w.tap()
		end := w.private(true)
		route, err := w.Desktop.Must(w.ctx, "ip", "-6", "route", "show", "default", "dev", tap)
		w.ok(err)
		f := strings.Fields(route) // default via ROUTER
		if len(f) < 3 {
			t.Fatalf("the default route of the tunnel is %q", route)
		}
		w.ok(w.BlackHole(w.ctx, true))
		w.eventually("the kernel to ask whether the router is there", hung, func() error {
			_, err := w.Desktop.Must(w.ctx, "ip", "-6", "neighbour", "change", f[2], "dev", tap, "nud", "probe")
			return err // it does not know it before there is something to send
		})
		time.Sleep(5 * time.Second)
		end()
		w.ok(w.BlackHole(w.ctx, false))
	})
}

func TestFullTunnelToAServerOverIPv6LeavesNoIPv6InClear(t *testing.T) {
	w := network(t)
	v := w.profile("six", softether.HubOffice, softether.Alice)
	v.Data["gateway"] = plan.ServerName6
	w.up(v)
	seen := w.watchesBases()
	w.sends(elsewhere6, elsewhere4)
	w.pings(plan.OfficeInner)
	seen.none()
	w.down("six")
}

func TestPersonKeepsIPv6OutsideOfTheTunnel(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*desktop.VPN){
		"block-ipv6=no":      func(v *desktop.VPN) { v.Data["block-ipv6"] = "no" },
		"split tunnel":       func(v *desktop.VPN) { v.More = append(v.More, "ipv4.never-default", "yes") },
		"ipv6.never-default": func(v *desktop.VPN) { v.More = append(v.More, "ipv6.never-default", "yes") },
		"ipv6.method":        func(v *desktop.VPN) { v.More = append(v.More, "ipv6.method", "disabled") },
	} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			v := ipv4Only(w.profile("open", softether.HubOffice, softether.Alice))
			change(&v)
			w.up(v)
			banner, err := w.Desktop.Banner("open")
			if wants := name == "ipv6.method"; err != nil || strings.Contains(banner, "IPv6 stays outside of this VPN") != wants {
				t.Errorf("the banner is %q, %v", banner, err)
			}
			seen := w.watchesBases()
			w.sends(elsewhere6)
			seen.some(elsewhere6)
			w.down("open")
		})
	}
}

func TestIPv6OfTheVPNTakesThePlaceOfTheClosedOne(t *testing.T) {
	w := freshNetwork(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	seen := w.watchesBases()
	six := servers.OfficeDHCP()
	six.RA = true
	w.office(six)
	w.eventually("the office's IPv6", 30*time.Second, func() error {
		routes, err := w.Desktop.Routes()
		for _, r := range routes {
			if strings.HasPrefix(r, "default6 via fe80::") && strings.HasSuffix(r, w.tap()) && !strings.Contains(r, "fe80::5e:c105:ed") {
				return nil
			}
		}
		return fmt.Errorf("routes are %v, %v", routes, err)
	})
	w.wantState("office", desktop.Activated)
	w.pings(netip.MustParseAddr("fd20::1"))
	w.sends(elsewhere6)
	seen.none()
	w.down("office")
}

func TestHubCannotChooseWhatGoesIntoTheTunnel(t *testing.T) {
	w := freshNetwork(t)
	greedy := servers.OfficeDHCP()
	for _, dst := range []string{"0.0.0.0/1", "128.0.0.0/1", "10.81.0.0/24", "203.0.113.10/32", "10.40.0.0/16"} {
		greedy.Routes = append(greedy.Routes, servers.Route{Dst: netip.MustParsePrefix(dst), Via: plan.OfficeGateway})
	}
	w.office(greedy)
	mark := w.Desktop.NMLogMark()
	w.up(ipv4Only(w.profile("split", softether.HubOffice, softether.Alice, "ipv4.never-default", "yes")))
	w.hasRoutes("10.40.0.0/16 via 10.20.0.1 dev "+w.tap(), "10.30.0.0/16 via 10.20.0.1 dev "+w.tap())
	for _, r := range []string{"0.0.0.0/1", "128.0.0.0/1", "10.81.0.0/24 via"} {
		w.hasNoRoute(r)
	}
	w.pings(plan.Bases[0].Router, plan.OfficeInner)
	w.web("internet", plan.Bases[0].Address)
	log := w.Desktop.VPNLog(mark)
	for _, word := range []string{"never-default=yes forbids", "the local network of base0", "leads to the VPN server"} {
		if !strings.Contains(log, word) {
			t.Errorf("the log does not say %q", word)
		}
	}
	w.down("split")

	v := ipv4Only(w.profile("accepting", softether.HubOffice, softether.Alice))
	v.Data["accept-overlapping-routes"] = "yes"
	w.up(v)
	w.hasRoutes("10.81.0.0/24 via 10.20.0.1 dev " + w.tap())
	w.pings(plan.OfficeInner)
	w.down("accepting")
}

func TestFullTunnelThatIsNoneSaysSo(t *testing.T) {
	w := freshNetwork(t)
	without := servers.OfficeDHCP() // a router, but classless routes without a default one, which set it aside
	without.Routes = without.Routes[1:]
	w.office(without)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	if banner, err := w.Desktop.Banner("office"); err != nil || !strings.Contains(banner, "offers no default route") {
		t.Errorf("the banner is %q, %v", banner, err)
	}
	w.web("internet", plan.Bases[0].Address)
	w.down("office")
}
