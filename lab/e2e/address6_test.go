// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// An address can be used from the first packet on, although its duplicate is still being looked for.
func TestIPv6IsUsableAtOnce(t *testing.T) {
	w := freshNetwork(t)
	w.onlyIPv6()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.method", "disabled", "ipv6.may-fail", "no")))
	link, err := w.Desktop.Net.LinkByName(w.tap())
	w.ok(err)
	all, err := w.Desktop.Net.AddrList(link, netlink.FAMILY_V6)
	w.ok(err)
	for _, a := range all {
		if a.Flags&unix.IFA_F_TENTATIVE != 0 && a.Flags&unix.IFA_F_OPTIMISTIC == 0 || a.Scope == unix.RT_SCOPE_LINK && a.Flags&unix.IFA_F_TENTATIVE != 0 {
			t.Errorf("an address cannot be used yet: %v, flags %#x", a.IPNet, a.Flags)
		}
	}
	if a := w.addr6(plan.OfficeNet6, false); a == nil {
		t.Errorf("there is none in %v:\n%s", plan.OfficeNet6, w.addrs6())
	}
	w.leaves(officeGateway6, plan.OfficeNet6)
	w.down("office")
}

// Somebody has the address already: it is named, and another one taken.
func TestIPv6AddressIsInUse(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{
		"from the MAC address": nil,
		"stable":               {"ipv6.addr-gen-mode", "stable-privacy"},
	} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			w.onlyIPv6()
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, append(more, "ipv4.method", "disabled", "ipv6.may-fail", "no")...)))
			taken := w.addressIn(w.tap(), plan.OfficeNet6)
			w.down("office")
			w.ok(w.Office.AddAddr("eth0", netip.PrefixFrom(taken, 64)))
			office, err := w.Office.Net.LinkByName("eth0")
			w.ok(err)
			mark := w.Desktop.NMLogMark()
			w.ok(w.Desktop.Up(w.ctx, "office"))
			w.eventually("another address", 20*time.Second, func() error {
				a := w.addr6(plan.OfficeNet6, false)
				if a == nil || a.IP.Equal(taken.AsSlice()) || a.Flags&unix.IFA_F_TENTATIVE != 0 {
					return fmt.Errorf("not yet:\n%s", w.addrs6())
				}
				return nil
			})
			w.pings(taken)
			w.leaves(officeGateway6, plan.OfficeNet6)
			if log := w.Desktop.VPNLog(mark); !strings.Contains(log, taken.String()) || !strings.Contains(log, office.Attrs().HardwareAddr.String()) {
				t.Errorf("the log does not name %v and who has it, %v", taken, office.Attrs().HardwareAddr)
			}
			w.down("office")
		})
	}
}

// With ipv6.ip6-privacy=2 connections come from temporary addresses, in every prefix.
func TestTemporaryIPv6Addresses(t *testing.T) {
	w := freshNetwork(t)
	w.farAway6()
	w.ok(w.Office.AddAddr("eth0", netip.MustParsePrefix("2001:db8:20::1/64")))
	_, err := w.Office.Serve(w.ctx, servers.Radvd, ra("eth0", "", "fd20::/64 20000 10000", firstNet.String()+" 40000 30000"))
	w.ok(err)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv6.ip6-privacy", "2", "ipv6.addr-gen-mode", "stable-privacy")))
	for _, n := range []netip.Prefix{plan.OfficeNet6, firstNet} {
		w.eventually(fmt.Sprintf("a temporary address in %v", n), 20*time.Second, func() error {
			if w.addr6(n, true) == nil || w.addr6(n, false) == nil {
				return fmt.Errorf("there is none:\n%s", w.addrs6())
			}
			return nil
		})
	}
	for dst, n := range map[netip.Addr]netip.Prefix{officeGateway6: plan.OfficeNet6, farHost: firstNet} {
		if from := w.leaves(dst, n); !w.addr6(n, true).IP.Equal(from.AsSlice()) {
			t.Errorf("a connection to %v comes from %v, which is not the temporary address\n%s", dst, from, w.addrs6())
		}
	}
	w.down("office")
}

// dhcp6Office has the office lease addresses by DHCPv6 beside its router's prefix.
func (w *world) dhcp6Office() *netns.Process {
	w.t.Helper()
	server, err := w.Office.Serve(w.ctx, servers.ISC6, `default-lease-time 600; preferred-lifetime 300; authoritative;
		subnet6 fd20::/64 { range6 fd20::1:10 fd20::1:1f; }`)
	w.ok(err)
	_, err = w.Office.Serve(w.ctx, servers.Radvd, ra("eth0", "AdvManagedFlag on;", "fd20::/64 2000 1000"))
	w.ok(err)
	return server
}

var leased6 = netip.MustParsePrefix("fd20::1:0/120")

// Addresses that NetworkManager adds itself, leased ones and those of the profile, are probed for duplicates before they
// can be used, but for less than a second: another device of this computer, where that takes 0.6 s, is not done earlier.
func TestIPv6AddressesOfNetworkManagerAreUsableSoon(t *testing.T) {
	w := freshNetwork(t)
	w.dhcp6Office()
	_, err := w.Desktop.Must(w.ctx, "sysctl", "-qw", "net.ipv6.conf.base0.accept_dad=1", "net.ipv6.conf.base0.dad_transmits=1", "net.ipv6.neigh.base0.retrans_time_ms=600", "net.ipv6.conf.base0.router_solicitation_delay=0")
	w.ok(err)
	tentative := func(device string, in netip.Prefix) (is, there bool) {
		link, err := w.Desktop.Net.LinkByName(device)
		w.ok(err)
		all, err := w.Desktop.Net.AddrList(link, netlink.FAMILY_V6)
		w.ok(err)
		for _, a := range all {
			if ip, _ := netip.AddrFromSlice(a.IP); in.Contains(ip) {
				return a.Flags&unix.IFA_F_TENTATIVE != 0 && a.Flags&unix.IFA_F_OPTIMISTIC == 0, true
			}
		}
		return false, false
	}
	for i, tt := range []struct {
		name string
		in   netip.Prefix
		more []string
	}{
		{"leased", leased6, nil},
		{"manual", netip.MustParsePrefix("fd20::77/128"), []string{"ipv6.method", "manual", "ipv6.addresses", "fd20::77/64"}},
	} {
		w.up(ipv4Only(w.profile(tt.name, softether.HubOffice, softether.Alice, tt.more...)))
		began := time.Now()
		w.eventually("the address", hung/2, func() error {
			if _, there := tentative(w.tap(), tt.in); !there {
				return fmt.Errorf("there is none in %v:\n%s", tt.in, w.addrs6())
			}
			return nil
		})
		control := netip.PrefixFrom(netip.MustParseAddr("fd99::").Next(), 64+i)
		_, err = w.Desktop.Must(w.ctx, "ip", "address", "add", control.String(), "dev", "base0")
		w.ok(err)
		for done := false; !done; time.Sleep(10 * time.Millisecond) {
			w.ok(w.ctx.Err())
			waiting, there := tentative(w.tap(), tt.in)
			slow, _ := tentative("base0", control)
			if !there || waiting && !slow {
				t.Fatalf("%s: not usable before one that is looked for 0.6 s later:\n%s", tt.name, w.addrs6())
			}
			done = !waiting
		}
		t.Logf("%s: usable %v after the activation was known", tt.name, time.Since(began).Round(time.Millisecond))
		w.pings(officeGateway6)
		w.down(tt.name)
		_, err = w.Desktop.Must(w.ctx, "ip", "address", "del", control.String(), "dev", "base0")
		w.ok(err)
	}
}

// A DHCPv6 server leases an address that another host has: it is told so, and the next one is used.
func TestLeasedIPv6AddressIsInUse(t *testing.T) {
	w := freshNetwork(t)
	server := w.dhcp6Office()
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.method", "disabled", "ipv6.may-fail", "no")))
	lease := func(not netip.Addr) (addr netip.Addr) {
		w.eventually(fmt.Sprintf("a lease other than %v", not), 30*time.Second, func() error {
			a := w.addr6(leased6, false)
			if a == nil || a.IP.Equal(not.AsSlice()) || a.Flags&unix.IFA_F_TENTATIVE != 0 {
				return fmt.Errorf("not yet:\n%s", w.addrs6())
			}
			addr, _ = netip.AddrFromSlice(a.IP)
			return nil
		})
		return addr
	}
	taken := lease(netip.Addr{})
	w.down("office")
	w.ok(w.Office.AddAddr("eth0", netip.PrefixFrom(taken, 64)))
	office, err := w.Office.Net.LinkByName("eth0")
	w.ok(err)
	mark := w.Desktop.NMLogMark()
	w.ok(w.Desktop.Up(w.ctx, "office"))
	other := lease(taken)
	w.pings(taken, officeGateway6)
	if shown, err := w.Desktop.MustNMCLI(w.ctx, "-g", "IP6.ADDRESS", "connection", "show", "office"); err != nil || !strings.Contains(strings.ReplaceAll(shown, "\\", ""), other.String()) {
		t.Errorf("nmcli shows %q instead of %v: %v", shown, other, err)
	}
	if log := server.Tail(100000); !strings.Contains(log, "Decline message") || !strings.Contains(log, taken.String()) {
		t.Errorf("the server was not told that %v is taken:\n%s", taken, log)
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, taken.String()) || !strings.Contains(log, office.Attrs().HardwareAddr.String()) {
		t.Errorf("the log does not name %v and who has it, %v:\n%s", taken, office.Attrs().HardwareAddr, log)
	}
	w.down("office")
}
