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

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// An address can be used from the first packet on, although it is still being looked for its duplicate.
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
