// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// briefLease is a Kea that gives addresses for half a minute.
func briefLease() string {
	return servers.KeaConfig(`"valid-lifetime": 30, "renew-timer": 10, "rebind-timer": 20`,
		keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(6, quad("10.20.0.1")), keaOption(15, "6f66666963652e74657374")))
}

// says waits until the log has words after mark.
func (w *world) says(mark int, words string) {
	w.t.Helper()
	w.eventually(words, time.Minute, func() error {
		return is("in the log", strings.Contains(w.Desktop.NMLog(mark), words), true, nil)
	})
}

// Address, routes and DNS end with their lease, at once, and come back with the server.
func TestLeaseExpires(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	kea := w.stranger(servers.Kea, briefLease())
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	tap := w.tap()
	w.pings(plan.OfficeGateway)
	time.Sleep(12 * time.Second) // one renewal
	mark := w.Desktop.NMLogMark()
	w.ok(kea.End(w.ctx))
	died := time.Now()
	w.has4(false, 45*time.Second)
	if after := time.Since(died); after < 10*time.Second {
		t.Errorf("the address was given up %v after the server's death, long before its end", after)
	}
	w.eventually("no DNS of the VPN", 5*time.Second, func() error {
		list, err := w.Desktop.VPNDNS()
		if err == nil && len(list) > 0 {
			err = fmt.Errorf("DNS is %v", list)
		}
		return err
	})
	w.hasNoRoute("default via 10.20.0.1")
	w.hasRoutes("default dev " + tap) // a full tunnel is closed rather than left
	w.wantState("office", desktop.Activated)
	log := w.Desktop.VPNLog(mark)
	for _, want := range []string{"does not renew the lease yet", "no DHCP server renews the lease", "the DHCP lease has expired", "no IPv4 address any more", "IPv4 is blocked"} {
		if n := strings.Count(log, want); n != 1 {
			t.Errorf("the log says %q %d times, want once", want, n)
		}
	}
	_, err := w.Office.Serve(w.ctx, servers.Kea, briefLease())
	w.ok(err)
	w.has4(true, 60*time.Second)
	w.hasRoutes("default via 10.20.0.1 dev " + tap)
	w.pings(plan.OfficeInner)
	w.resolves("intranet.office.test", plan.OfficeGateway)
	w.down("office")
}

// A session that is lost while the DHCP server is away does not cost the address.
func TestReconnectWithoutDHCPServer(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	before := w.snapshot()
	mark := w.Desktop.NMLogMark()
	quiet := servers.OfficeDHCP()
	quiet.Silent = true
	w.office(quiet)
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	w.says(mark, "connected again")
	w.pings(plan.OfficeInner)
	session, _ := w.session(softether.HubOffice)
	time.Sleep(25 * time.Second)
	if now, _ := w.session(softether.HubOffice); now != session {
		t.Errorf("session %s was thrown away for %s", session, now)
	}
	w.unchanged("office", before)
	w.pings(plan.OfficeInner)
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "no DHCP server confirms the address") {
		t.Error("the log does not say that the address is not confirmed")
	}
	w.office(servers.OfficeDHCP())
	w.says(mark, "DHCP lease acquired")
	w.unchanged("office", before)
	w.down("office")
}

// Where the hub lets nothing through that no DHCP server has confirmed, the traffic stops, and the log says why; the
// session and the address are kept, and carry again with the server's first answer.
func TestReconnectWithoutDHCPServerWhereTheHubForcesIt(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Forced)))
	before := w.snapshot()
	w.inOffice("office")
	mark := w.Desktop.NMLogMark()
	quiet := servers.OfficeDHCP()
	quiet.Silent = true
	w.office(quiet)
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Forced))
	w.says(mark, "this hub lets nothing through before a DHCP server has done that (policy DHCPForce)")
	res, err := w.Desktop.Run(w.ctx, netns.Command{Args: []string{"ping", "-c", "2", "-W", "1", plan.OfficeGateway.String()}})
	w.ok(err)
	if !strings.Contains(res.Stdout, " 100% packet loss") {
		t.Errorf("the office answers, so the hub does not force anything:\n%s", res.Stdout)
	}
	w.unchanged("office", before)
	sessions, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Forced)
	w.ok(err)
	w.office(servers.OfficeDHCP())
	w.says(mark, "DHCP lease acquired")
	w.inOffice("office")
	w.unchanged("office", before)
	if now, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Forced); err != nil || !slices.Equal(now, sessions) {
		t.Errorf("the sessions %v became %v, %v", sessions, now, err)
	}
	w.down("office")
}

// Where the server is there, one message and its answer are enough.
func TestReconnectConfirmsTheLease(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Forced)))
	before := w.snapshot()
	mark := w.Desktop.NMLogMark()
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Forced))
	w.says(mark, "DHCP lease confirmed")
	w.pings(plan.OfficeInner)
	w.unchanged("office", before)
	w.down("office")
}
