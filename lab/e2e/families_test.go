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

// A profile that insists on a family gets no connection without it.
func TestFamilyThatMustBeThere(t *testing.T) {
	t.Parallel()
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

// A profile that gives a family time gets a connection with it, and without it once the time is over.
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
