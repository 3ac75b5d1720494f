// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// Two DHCPv6 servers are in the office. The one that answers first is kept, the other is named once; it is taken when the
// first is gone.
func TestTheFirstOfTwoDHCPv6ServersIsTaken(t *testing.T) {
	w := freshNetwork(t)
	running := map[string]*netns.Process{}
	for _, n := range []string{"a", "b"} {
		p, err := w.Office.Serve(w.ctx, servers.ISC6, fmt.Sprintf(`server-duid LL ethernet 02:00:00:00:00:0%s;
			default-lease-time 12; preferred-lifetime 6; authoritative;
			subnet6 fd20::/64 { range6 fd20::%s:10 fd20::%s:1f; option dhcp6.name-servers fd20::%s; }`, n, n, n, n))
		w.ok(err)
		running[n] = p
	}
	_, err := w.Office.Serve(w.ctx, servers.Radvd, ra("eth0", "AdvManagedFlag on;", "fd20::/64 2000 1000"))
	w.ok(err)
	mark := w.Desktop.NMLogMark()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	warned := regexp.MustCompile(`another DHCPv6 server answers.*\bduid=000300010200000000(0[ab]).*taken-duid=000300010200000000(0[ab])`)
	var first, other string
	w.eventually("a warning that names both", 20*time.Second, func() error {
		m := warned.FindAllStringSubmatch(w.Desktop.VPNLog(mark), -1)
		if len(m) != 1 {
			return fmt.Errorf("there are %d warnings", len(m))
		}
		other, first = m[0][1][1:], m[0][2][1:]
		return nil
	})
	if first == other {
		t.Fatalf("server %q is said to answer, too", first)
	}
	w.leased6(first)
	w.named6(first)
	w.ok(running[first].Stop(w.ctx, syscall.SIGKILL))
	w.leased6(other)
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, "another DHCPv6 server takes the place of the first one") || len(warned.FindAllString(log, -1)) != 1 {
		t.Error("the log does not say that the other one took over, or names it again")
	}
	w.named6(other)
	w.shows("office", "IP6.DNS", "fd20::"+other)
	// With the last lease its DNS goes; the router's address is still there.
	w.ok(running[other].Stop(w.ctx, syscall.SIGKILL))
	w.leased6("")
	w.named6("")
	w.inOffice("office")
	w.pings(officeGateway6)
	w.down("office")
}

// named6 waits until the VPN has the DNS server that one of the servers names, and none of the other.
func (w *world) named6(server string) {
	w.t.Helper()
	w.eventually("DNS of server "+server, 30*time.Second, func() error {
		list, err := w.Desktop.VPNDNS()
		var from []string
		for _, e := range list {
			for _, n := range []string{"a", "b"} {
				if slices.Contains(e.Servers, netip.MustParseAddr("fd20::"+n)) {
					from = append(from, n)
				}
			}
		}
		return is("whose DNS there is", strings.Join(from, " "), server, err)
	})
}

// leased6 waits for an address of one of the servers, and for none of the other.
func (w *world) leased6(server string) {
	w.t.Helper()
	w.eventually("an address from server "+server, 60*time.Second, func() error {
		addrs, err := w.Desktop.Addrs(w.tap())
		var from []string
		for _, p := range addrs {
			for _, n := range []string{"a", "b"} {
				if netip.MustParsePrefix("fd20::" + n + ":0/112").Contains(p.Addr()) {
					from = append(from, n)
				}
			}
		}
		return is("whose address there is", strings.Join(from, " "), server, err)
	})
}
