// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// radvdConfig is a router that gives the office's prefix and a DNS server.
const radvdConfig = `interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 10;
	prefix fd20::/64 { AdvOnLink on; AdvAutonomous on; }; RDNSS fd20::1 { }; DNSSL six.office.test { }; };`

var officeGateway6 = netip.MustParseAddr("fd20::1")

// onlyIPv6 makes the office one in which nobody answers DHCP.
func (w *world) onlyIPv6() { w.t.Helper(); w.stranger(servers.Radvd, radvdConfig) }

// has6 waits for an address from the router.
func (w *world) has6() {
	w.t.Helper()
	w.eventually("an IPv6 address", 15*time.Second, func() error {
		addrs, err := w.Desktop.Addrs(w.tap())
		if err == nil && !slices.ContainsFunc(addrs, func(p netip.Prefix) bool { return plan.OfficeNet6.Contains(p.Addr()) }) {
			err = fmt.Errorf("addresses are %v", addrs)
		}
		return err
	})
}

// has4 waits for an address, or for none, in the office's IPv4 network.
func (w *world) has4(want bool, limit time.Duration) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("an IPv4 address to be there: %v", want), limit, func() error {
		addrs, err := w.Desktop.Addrs(w.tap())
		if err == nil && slices.ContainsFunc(addrs, func(p netip.Prefix) bool { return plan.OfficeNet.Contains(p.Addr()) }) != want {
			err = fmt.Errorf("addresses are %v", addrs)
		}
		return err
	})
}

// One address family is enough, and the other one joins the living connection.
func TestHubWithoutDHCP(t *testing.T) {
	w := freshNetwork(t)
	w.onlyIPv6()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.has6()
	w.pings(officeGateway6)
	out, err := w.Desktop.MustNMCLI(w.ctx, "-t", "-f", "IP6", "connection", "show", "office")
	if err != nil || !strings.Contains(out, "fd20:") {
		t.Errorf("nmcli shows %q, %v", out, err)
	}
	w.office(servers.OfficeDHCP())
	w.has4(true, 40*time.Second)
	w.pings(plan.OfficeGateway, plan.OfficeInner, officeGateway6)
	w.eventually("DNS of both", 10*time.Second, func() error {
		list, err := w.Desktop.VPNDNS()
		var all []netip.Addr
		for _, e := range list {
			all = append(all, e.Servers...)
		}
		if err != nil || !slices.Contains(all, plan.OfficeGateway) || !slices.Contains(all, officeGateway6) {
			return fmt.Errorf("DNS is %v, %v", list, err)
		}
		return nil
	})
	w.wantState("office", desktop.Activated)
	w.resolves("intranet.office.test", plan.OfficeGateway)
	w.web("office", w.addressIn(w.tap(), plan.OfficeNet))
	w.down("office")
}

// Whoever insists on a family does not get a connection without it.
func TestFamilyThatMustBeThere(t *testing.T) {
	for _, tc := range []struct {
		name, property, word string
		six                  bool
	}{
		{"IPv6 without a router", "ipv6.may-fail", "ipv6.may-fail=no", false},
		{"IPv4 without a DHCP server", "ipv4.may-fail", "no DHCP server answered", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := freshNetwork(t)
			if tc.six {
				w.onlyIPv6()
			}
			w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, tc.property, "no"))))
			mark := w.Desktop.NMLogMark()
			if err := w.Desktop.Up(w.ctx, "office"); err == nil {
				t.Error("the connection is up without it")
			}
			if log := w.Desktop.VPNLog(mark); !strings.Contains(log, tc.word) {
				t.Errorf("the log does not say %q", tc.word)
			}
			w.ok(w.Desktop.AwaitGone(w.ctx))
			_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", "office", tc.property, "yes")
			w.ok(err)
			w.ok(w.Desktop.Up(w.ctx, "office"))
			w.down("office")
		})
	}
}

// Who has time for a family gets a connection with it, and without it once the time is over.
func TestTimeForAFamily(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	quiet := servers.OfficeDHCP()
	quiet.Silent = true
	for _, tc := range []struct {
		name, required string // in ms
		before, then   func()
		missing        string // field of nmcli: of the family that comes late
	}{
		{"ipv6.required-timeout", "60000", func() { w.office(servers.OfficeDHCP()) }, func() {
			_, err := w.Office.Serve(w.ctx, servers.Radvd, radvdConfig)
			w.ok(err)
		}, "IP6.ADDRESS"},
		{"ipv4.required-timeout", "60000", func() { w.office(quiet) }, func() { w.office(servers.OfficeDHCP()) }, "IP4.ADDRESS"},
		{"ipv4.required-timeout", "3000", func() { w.office(quiet) }, nil, "IP4.ADDRESS"},
	} {
		name := tc.name + "=" + tc.required
		tc.before()
		w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile(name, softether.HubOffice, softether.Alice, tc.name, tc.required))))
		mark, began := w.Desktop.NMLogMark(), time.Now()
		up := make(chan error, 1)
		go func() { up <- w.Desktop.Up(w.ctx, name) }()
		if tc.then != nil {
			w.eventually(name+": the login", 10*time.Second, func() error {
				return is("logged in", strings.Contains(w.Desktop.NMLog(mark), "logged in"), true, nil)
			})
			time.Sleep(time.Second) // well beyond what is left to a family that may be late
			if state, err := w.Desktop.State(name); err != nil || state == desktop.Activated {
				t.Errorf("%s: the connection does not wait: state %d, %v", name, state, err)
			}
			tc.then()
			w.ok(<-up)
			w.has6()
			w.inOffice(name)
		} else {
			w.ok(<-up)
			if took := time.Since(began); took < 3*time.Second {
				t.Errorf("%s: up after %v", name, took)
			}
			w.has6()
			w.has4(false, hung/2)
		}
		shown, err := w.Desktop.MustNMCLI(w.ctx, "-g", tc.missing, "connection", "show", name)
		w.ok(err)
		shown = strings.TrimSpace(shown)
		if there := shown != "" && !strings.HasPrefix(shown, "169.254."); there != (tc.then != nil) {
			t.Errorf("%s: nmcli shows %s %q", name, tc.missing, shown)
		}
		w.pings(officeGateway6)
		w.down(name)
	}
}

// briefLease is a Kea that gives addresses for half a minute.
func briefLease() string {
	return servers.KeaConfig(`"valid-lifetime": 30, "renew-timer": 10, "rebind-timer": 20`,
		keaOptions(keaOption(3, quad("10.20.0.1")), keaOption(6, quad("10.20.0.1")), keaOption(15, "6f66666963652e74657374")))
}

// With a lease its address, routes and DNS end, at once, and come back with the server.
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
	w.eventually("another session", 30*time.Second, func() error {
		if !strings.Contains(w.Desktop.NMLog(mark), "connected again") {
			return fmt.Errorf("not connected again yet")
		}
		return nil
	})
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
	w.eventually("a confirmation", 60*time.Second, func() error {
		if !strings.Contains(w.Desktop.NMLog(mark), "DHCP lease acquired") {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	w.unchanged("office", before)
	w.down("office")
}

// Where it is there, one message and its answer are enough.
func TestReconnectConfirmsTheLease(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Forced)))
	before := w.snapshot()
	mark := w.Desktop.NMLogMark()
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Forced))
	w.eventually("a confirmation", 30*time.Second, func() error {
		if !strings.Contains(w.Desktop.NMLog(mark), "DHCP lease confirmed") {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	w.pings(plan.OfficeInner)
	w.unchanged("office", before)
	w.down("office")
}
