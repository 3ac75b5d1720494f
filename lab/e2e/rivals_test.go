// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// officeMAC is the MAC address of the office's only computer, in small letters.
func (w *world) officeMAC() string {
	w.t.Helper()
	link, err := w.Office.Net.LinkByName("eth0")
	w.ok(err)
	return link.Attrs().HardwareAddr.String()
}

// claims has the office's computer ask for a neighbour that it has not asked for yet, from an address that it has taken.
func (w *world) claims(a netip.Addr, neighbour int) {
	w.t.Helper()
	_, err := w.Office.Run(w.ctx, netns.Command{Args: []string{"ping", "-c", "1", "-W", "1", "-I", a.String(), fmt.Sprintf("10.20.0.%d", neighbour)}})
	w.ok(err)
}

// A host that takes the address of this computer while it is in use is named.
func TestSomebodyTakesTheAddressInUse(t *testing.T) {
	w := freshNetwork(t)
	const warning = "another host in the VPN uses the address of this computer"
	neighbour := 60
	for name, more := range map[string][]string{
		"leased":  nil,
		"by hand": {"ipv4.method", "manual", "ipv4.addresses", "10.20.0.50/24"},
	} {
		mark := w.Desktop.NMLogMark()
		w.up(ipv4Only(w.profile(name, softether.HubOffice, softether.Alice, append(more, "ipv4.never-default", "yes")...)))
		self := w.addressIn(w.tap(), plan.OfficeNet)
		time.Sleep(time.Second / 2) // the leased one has settled
		if strings.Contains(w.Desktop.VPNLog(mark), warning) {
			t.Errorf("%s: there is a warning before anybody has the address", name)
		}
		w.ok(w.Office.AddAddr("eth0", netip.PrefixFrom(self, 32)))
		w.eventually(name+": a warning with the MAC address", 5*time.Second, func() error {
			neighbour++
			w.claims(self, neighbour)
			if log := w.Desktop.VPNLog(mark); !strings.Contains(log, warning) || !strings.Contains(log, w.officeMAC()) {
				return fmt.Errorf("the log says %s", log)
			}
			return nil
		})
		w.wantState(name, desktop.Activated)
		w.down(name)
	}
}

// An address of the profile is probed where the profile says so, and then not used if another host has it.
func TestAssignedAddressIsInUse(t *testing.T) {
	w := freshNetwork(t)
	taken := netip.MustParseAddr("10.20.0.50")
	w.ok(w.Office.AddAddr("eth0", netip.PrefixFrom(taken, 24)))
	for name, tc := range map[string]struct {
		address, dad string
		up, named    bool
	}{
		"probed":     {"10.20.0.50/24", "300", false, true},
		"free":       {"10.20.0.51/24", "300", true, false},
		"not probed": {"10.20.0.50/24", "-1", true, true},
	} {
		mark := w.Desktop.NMLogMark()
		w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile(name, softether.HubOffice, softether.Alice, "ipv4.method", "manual", "ipv4.addresses", tc.address,
			"ipv4.dad-timeout", tc.dad, "ipv4.never-default", "yes", "ipv6.method", "disabled"))))
		err := w.Desktop.Up(w.ctx, name)
		if (err == nil) != tc.up {
			t.Errorf("%s: up: %v", name, err)
		}
		w.eventually(name+": what the log says", 5*time.Second, func() error {
			return is("the other's MAC address in the log", strings.Contains(w.Desktop.VPNLog(mark), w.officeMAC()), tc.named, nil)
		})
		if tc.up {
			w.down(name)
		}
	}
}

// A lease is given back where the profile says so. NetworkManager 1.42 does not know the property and would refuse the
// profile, so the service gets it as a newer one sends it.
func TestLeaseIsGivenBackWhereTheProfileSaysSo(t *testing.T) {
	w := freshNetwork(t)
	var opts lab.Options
	w.ok(opts.FindPrograms())
	vpn := w.profile("office", softether.HubOffice, softether.Alice)
	for word, want := range map[int32]bool{-1: false, 0: false, 1: true} { // NM_TERNARY_DEFAULT, _FALSE, _TRUE
		before := strings.Count(w.Office.Log(10000), "DHCPRELEASE")
		acks := strings.Count(w.Office.Log(10000), "DHCPACK")
		w.leasesAndLeaves(opts.Service, vpn, word)
		if strings.Count(w.Office.Log(10000), "DHCPACK") <= acks {
			t.Error("the office's server has not leased an address")
		}
		if !want {
			time.Sleep(time.Second / 2)
		}
		w.eventually(fmt.Sprintf("dhcp-send-release=%d", word), 5*time.Second, func() error {
			return is("given back", strings.Count(w.Office.Log(10000), "DHCPRELEASE") > before, want, nil)
		})
	}
	// Servers of others have one address each: once it is given back, another host gets it.
	for program, config := range map[string]string{
		servers.Kea:    strings.Replace(servers.KeaConfig(), "10.20.0.100 - 10.20.0.199", "10.20.0.100 - 10.20.0.100", 1),
		servers.ISC:    "authoritative; subnet 10.20.0.0 netmask 255.255.255.0 { range 10.20.0.100 10.20.0.100; }",
		servers.Udhcpd: "start 10.20.0.100\nend 10.20.0.100\noption subnet 255.255.255.0\noption lease 3600\n",
	} {
		server := w.stranger(program, config)
		w.leasesAndLeaves(opts.Service, vpn, 1)
		other := ipv4Only(w.profile(program, softether.HubOffice, softether.Alice, "ipv6.method", "disabled"))
		other.Data["mac"] = "5e:00:00:00:77:01"
		w.up(other)
		if got := w.addressIn(w.tap(), plan.OfficeNet); got != netip.MustParseAddr("10.20.0.100") {
			t.Errorf("%s: another host got %v", program, got)
		}
		w.pings(plan.OfficeGateway)
		w.down(program)
		w.ok(server.End(w.ctx))
	}
}

// leasesAndLeaves has the service lease an address for a VPN and disconnect, with that dhcp-send-release.
func (w *world) leasesAndLeaves(service string, vpn desktop.VPN, word int32) {
	w.t.Helper()
	const api = "org.freedesktop.NetworkManager.VPN.Plugin"
	name := fmt.Sprintf("org.freedesktop.NetworkManager.softether.Connection_%d", 900+word)
	p, err := w.Desktop.Start(fmt.Sprint("service", word), netns.Command{Args: []string{service, "--bus-name", name}})
	w.ok(err)
	plugin := w.Desktop.Bus.Object(name, "/org/freedesktop/NetworkManager/VPN/Plugin")
	w.eventually("the service to connect", 10*time.Second, func() error {
		ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
		defer cancel()
		return plugin.CallWithContext(ctx, api+".Connect", 0, map[string]map[string]dbus.Variant{
			"connection": {"id": dbus.MakeVariant("office"), "uuid": dbus.MakeVariant("6f4e1c2a-0000-4000-8000-000000000001")},
			"vpn":        {"data": dbus.MakeVariant(vpn.Data), "secrets": dbus.MakeVariant(map[string]string{"password": vpn.Password})},
			"ipv4":       {"method": dbus.MakeVariant("auto"), "dhcp-send-release": dbus.MakeVariant(word)},
			"ipv6":       {"method": dbus.MakeVariant("disabled")},
		}).Err
	})
	w.eventually("a lease", 10*time.Second, func() error {
		state, err := plugin.GetProperty(api + ".State")
		if err == nil {
			err = is("the plugin's state", state.Value().(uint32), uint32(4), nil) // NM_VPN_SERVICE_STATE_STARTED
		}
		return err
	})
	_ = plugin.CallWithContext(w.ctx, api+".Disconnect", 0).Err // the process may be gone before its reply
	<-p.Done()
}
