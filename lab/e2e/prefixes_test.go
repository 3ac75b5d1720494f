// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// Prefixes of two providers, in which the office's routers have addresses, and an address far away.
var (
	firstNet  = netip.MustParsePrefix("2001:db8:20::/64")
	secondNet = netip.MustParsePrefix("2001:db8:21::/64")
	farHost   = netip.MustParseAddr("2001:db8:21:ffff::7") // nearer to the second by its bits (RFC 6724, rule 8)
)

// ra is a configuration of radvd: prefixes with valid and preferred lifetimes, and more for the interface.
func ra(device, more string, prefixes ...string) string {
	text := "interface " + device + " { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; " + more
	for _, p := range prefixes {
		f := strings.Fields(p)
		text += fmt.Sprintf(" prefix %s { AdvValidLifetime %s; AdvPreferredLifetime %s; };", f[0], f[1], f[2])
	}
	return text + " };"
}

// secondRouter is another host with an address in the office's network.
func (w *world) secondRouter(addrs ...netip.Prefix) {
	w.t.Helper()
	eth0, err := w.Office.Net.LinkByName("eth0")
	w.ok(err)
	other := &netlink.Macvlan{LinkAttrs: netlink.LinkAttrs{Name: "eth1", ParentIndex: eth0.Attrs().Index}, Mode: netlink.MACVLAN_MODE_BRIDGE}
	w.ok(w.Office.Net.LinkAdd(other))
	w.ok(w.Office.Net.LinkSetUp(other))
	for _, a := range addrs {
		w.ok(w.Office.AddAddr("eth1", a))
	}
}

// farAway6 has the office answer, with what it gets by TCP, at an address that only a router leads to.
func (w *world) farAway6() {
	w.t.Helper()
	w.ok(w.Office.AddAddr("lo", netip.PrefixFrom(farHost, 128)))
	l, err := w.Office.Host.Serve(netip.AddrPortFrom(farHost, 7).String(), func(c net.Conn) { _, _ = io.Copy(c, c) })
	w.ok(err)
	w.t.Cleanup(func() { l.Close() })
}

// dials opens a connection to addr and returns it with the source address that the kernel chose.
func (w *world) dials(addr netip.Addr) (net.Conn, netip.Addr) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, hung/2)
	defer cancel()
	c, err := w.Desktop.DialContext(ctx, "tcp", netip.AddrPortFrom(addr, 7).String())
	w.ok(err)
	w.t.Cleanup(func() { c.Close() })
	return c, c.LocalAddr().(*net.TCPAddr).AddrPort().Addr()
}

// echoes sends a word over a connection and waits for it.
func (w *world) echoes(c net.Conn) {
	w.t.Helper()
	w.ok(c.SetDeadline(time.Now().Add(hung)))
	buf := make([]byte, 5)
	if _, err := c.Write([]byte("hello")); err != nil {
		w.t.Error(err)
	} else if _, err := io.ReadFull(c, buf); err != nil {
		w.t.Errorf("nothing comes back over a connection from %v: %v", c.LocalAddr(), err)
	}
}

// leaves checks where new connections to addr come from.
func (w *world) leaves(addr netip.Addr, from netip.Prefix) netip.Addr {
	w.t.Helper()
	c, source := w.dials(addr)
	if !from.Contains(source) {
		w.t.Errorf("a connection to %v comes from %v, want one in %v\n%s", addr, source, from, w.addrs6())
	}
	w.echoes(c)
	return source
}

// addr6 returns the one address on the TAP that is in a network, is temporary or not, and has not failed; nil if there is none.
func (w *world) addr6(in netip.Prefix, temporary bool) *netlink.Addr {
	w.t.Helper()
	link, err := w.Desktop.Net.LinkByName(w.tap())
	w.ok(err)
	list, err := w.Desktop.Net.AddrList(link, netlink.FAMILY_V6)
	w.ok(err)
	list = slices.DeleteFunc(list, func(a netlink.Addr) bool {
		ip, _ := netip.AddrFromSlice(a.IP)
		return !in.Contains(ip) || a.Flags&unix.IFA_F_TEMPORARY != 0 != temporary || a.Flags&unix.IFA_F_DADFAILED != 0
	})
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// lives waits until the address in a network ends between those times, in seconds, and is no longer preferred after these.
func (w *world) lives(in netip.Prefix, valid, preferred [2]int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the address in %v to have lifetimes in %v and %v", in, valid, preferred), 20*time.Second, func() error {
		a := w.addr6(in, false)
		if a == nil || a.ValidLft < valid[0] || a.ValidLft > valid[1] || a.PreferedLft < preferred[0] || a.PreferedLft > preferred[1] {
			return fmt.Errorf("it is not so:\n%s", w.addrs6())
		}
		return nil
	})
}

// addrs6 is what the kernel has.
func (w *world) addrs6() string {
	out, _ := w.Desktop.Must(w.ctx, "ip", "-6", "addr", "show", "dev", w.tap())
	return out
}

// Two routers, three prefixes: an address in each, with its own times, and a source that the router knows for every destination.
func TestTwoRoutersAndThreePrefixes(t *testing.T) {
	w := freshNetwork(t)
	w.farAway6()
	w.ok(w.Office.AddAddr("eth0", netip.MustParsePrefix("2001:db8:20::1/64")))
	w.secondRouter(netip.MustParsePrefix("2001:db8:21::1/64"))
	first, err := w.Office.Serve(w.ctx, servers.Radvd, ra("eth0", "AdvDefaultPreference high;", "fd20::/64 2000 1000", firstNet.String()+" 4000 3000"))
	w.ok(err)
	_, err = w.Office.Serve(w.ctx, servers.Radvd, ra("eth1", "AdvDefaultPreference low;", secondNet.String()+" 6000 5000"))
	w.ok(err)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.lives(plan.OfficeNet6, [2]int{1600, 2000}, [2]int{700, 1000})
	w.lives(firstNet, [2]int{3200, 7200}, [2]int{2400, 3000}) // NetworkManager's: see networkmanager.md 4.3
	// The second provider's is for connections that are open, as the default route leads to the first one's router.
	w.lives(secondNet, [2]int{5000, 6000}, [2]int{0, 0})
	w.pings(officeGateway6, netip.MustParseAddr("2001:db8:21::1"))
	w.leaves(officeGateway6, plan.OfficeNet6)
	w.leaves(farHost, firstNet)
	w.ok(first.End(w.ctx)) // says goodbye as a router
	w.eventually("the second router to have the default route", 20*time.Second, func() error {
		a := w.addr6(secondNet, false)
		if a == nil || a.PreferedLft == 0 {
			return fmt.Errorf("its address is not preferred:\n%s", w.addrs6())
		}
		return nil
	})
	w.leaves(farHost, secondNet)
	out, err := w.Desktop.MustNMCLI(w.ctx, "-t", "-f", "IP6", "connection", "show", "office")
	for _, want := range []string{"2001:db8:20:", "2001:db8:21:", "fd20:"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("nmcli shows no %s: %q, %v", want, out, err)
		}
	}
	w.down("office")
}

// A DHCPv6 server's address is NetworkManager's, and those of the prefixes are there beside it. When the server dies, its
// address ends, and connections are made from the others.
func TestDHCPv6BesidePrefixes(t *testing.T) {
	w := freshNetwork(t)
	w.farAway6()
	w.ok(w.Office.AddAddr("eth0", netip.MustParsePrefix("2001:db8:20::1/64")))
	leased := netip.MustParsePrefix("fd20::1:0/120")
	server, err := w.Office.Serve(w.ctx, servers.ISC6, `default-lease-time 12; preferred-lifetime 6; authoritative;
		subnet6 fd20::/64 { range6 fd20::1:10 fd20::1:1f; option dhcp6.name-servers fd20::1; }`)
	w.ok(err)
	_, err = w.Office.Serve(w.ctx, servers.Radvd, ra("eth0", "AdvManagedFlag on;", "fd20::/64 2000 1000", firstNet.String()+" 4000 3000"))
	w.ok(err)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.eventually("three addresses", 20*time.Second, func() error {
		addrs, err := w.Desktop.Addrs(w.tap())
		for _, n := range []netip.Prefix{leased, plan.OfficeNet6, firstNet} {
			if err == nil && !slices.ContainsFunc(addrs, func(p netip.Prefix) bool {
				return n.Contains(p.Addr()) && leased.Contains(p.Addr()) == (n == leased)
			}) {
				err = fmt.Errorf("none in %v: %v", n, addrs)
			}
		}
		return err
	})
	w.lives(firstNet, [2]int{3200, 4000}, [2]int{2400, 3000})
	w.pings(officeGateway6)
	w.leaves(farHost, firstNet)
	w.ok(server.Stop(w.ctx, syscall.SIGKILL))
	w.eventually("the lease to end", 30*time.Second, func() error {
		if a := w.addr6(leased, false); a != nil {
			return fmt.Errorf("it is there:\n%s", w.addrs6())
		}
		return nil
	})
	w.leaves(officeGateway6, plan.OfficeNet6)
	w.leaves(farHost, firstNet)
	w.lives(firstNet, [2]int{3200, 7200}, [2]int{2400, 3000})
	w.down("office")
}

// An office moves to another provider: new connections have the new address, the open ones go on with the old one.
func TestRenumberingKeepsConnections(t *testing.T) {
	w := freshNetwork(t)
	w.farAway6()
	w.ok(w.Office.AddAddr("eth0", netip.MustParsePrefix("2001:db8:20::1/64")))
	w.ok(w.Office.AddAddr("eth0", netip.MustParsePrefix("2001:db8:21::1/64")))
	radvd, err := w.Office.Serve(w.ctx, servers.Radvd, ra("eth0", "", firstNet.String()+" 8000 6000"))
	w.ok(err)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.lives(firstNet, [2]int{6500, 8000}, [2]int{5000, 6000})
	c, old := w.dials(farHost)
	if !firstNet.Contains(old) {
		t.Fatalf("the connection comes from %v", old)
	}
	w.echoes(c)
	w.ok(radvd.Stop(w.ctx, syscall.SIGKILL))
	radvd, err = w.Office.Serve(w.ctx, servers.Radvd, ra("eth0", "", firstNet.String()+" 7500 0", secondNet.String()+" 8000 6000"))
	w.ok(err)
	w.lives(firstNet, [2]int{6000, 7500}, [2]int{0, 0})
	w.lives(secondNet, [2]int{7000, 8000}, [2]int{5000, 6000})
	w.leaves(farHost, secondNet)
	w.echoes(c)
	w.ok(radvd.End(w.ctx))
	w.down("office")
}
