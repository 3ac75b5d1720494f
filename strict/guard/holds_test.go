// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"network-manager-softether/profile"
)

func TestTheGuardComesUpByItselfAndBeforeOthers(t *testing.T) {
	c := connection(Locks{"a": {}})["connection"]
	if c["autoconnect"].Value() != true || c["autoconnect-priority"].Value() != int32(999) || text(c["interface-name"]) != "lo" {
		t.Errorf("the connection is %v", c)
	}
}

func TestWhatCarriesDataIsRefusedWithAnAnswer(t *testing.T) {
	list := rules(Locks{"a": {}}, unix.AF_INET)
	for _, p := range []byte{1, 2, 4, 6, 17, 33, 41, 47, 50, 51, 103, 108, 115, 132, 136, 255} { // IANA's numbers
		if !slices.ContainsFunc(list, func(r map[string]dbus.Variant) bool {
			return r["ipproto"].Value() == p && r["priority"].Value() == uint32(prioNoData) && r["action"].Value() == byte(7) // FR_ACT_UNREACHABLE
		}) {
			t.Errorf("protocol %d is not refused", p)
		}
	}
}

func TestNoLockOpensTheLocalNetwork(t *testing.T) {
	for _, l := range []Locks{nil, {}, {"a": {}}, {"a": {LAN: true}, "b": {}}} {
		if l.LAN() {
			t.Errorf("%v opens it", l)
		}
	}
	if !(Locks{"a": {LAN: true}}).LAN() {
		t.Error("nothing opens it")
	}
}

func TestLocksAreTheSameInEverythingOrNot(t *testing.T) {
	one := Lock{LAN: true, mark: "m", Servers: addrs("192.0.2.1")}
	if !one.same(Lock{LAN: true, mark: "m", Servers: addrs("192.0.2.1")}) {
		t.Error("a lock differs from itself")
	}
	for _, other := range []Lock{
		{mark: "m", Servers: one.Servers},
		{LAN: true, mark: "n", Servers: one.Servers},
		{LAN: true, mark: "m", Servers: addrs("192.0.2.2")},
		{LAN: true, mark: "m"},
	} {
		if one.same(other) {
			t.Errorf("%v counts as %v", other, one)
		}
	}
}

func TestRulesDifferInAnySelector(t *testing.T) {
	// Those of NMIPRoutingRule.
	for _, key := range []string{
		"family", "priority", "table", "action", "invert", "from", "from-len", "to", "to-len", "tos", "ipproto", "sport-start", "sport-end",
		"dport-start", "dport-end", "fwmark", "fwmask", "iifname", "oifname", "uid-range-start", "uid-range-end", "suppress-prefixlength",
	} {
		if a, b := (map[string]dbus.Variant{key: dbus.MakeVariant(1)}), (map[string]dbus.Variant{}); sameRule(a, b) || sameRule(b, a) {
			t.Errorf("rules with and without %s count as the same", key)
		}
	}
}

func TestWhichRulesAreOurs(t *testing.T) {
	for priority, want := range map[int]bool{prioServer - 1: false, prioServer: true, prioEnd: true, prioEnd + 1: false, 0: false} {
		if fromHere(map[string]dbus.Variant{"priority": dbus.MakeVariant(uint32(priority))}) != want {
			t.Errorf("priority %d: want %t", priority, want)
		}
	}
	lease := func(r map[string]dbus.Variant) bool { return r["priority"].Value() == uint32(prioLease) }
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		list := rules(Locks{"a": {}}, family)
		if i := slices.IndexFunc(list, lease); i < 0 || isHole(list[i]) {
			t.Error("the rule for DHCP counts as a hole")
		}
	}
	r := hole(netip.MustParseAddr("192.0.2.1"), unix.AF_INET)
	if r["priority"] = dbus.MakeVariant(uint32(100)); isHole(r) {
		t.Error("a rule of somebody else counts as a hole")
	}
}

func TestOnlyWhatPacketsCouldLeaveByIsANetwork(t *testing.T) {
	for name, tt := range map[string]struct {
		connection map[string]string
		ipv4       bool
		want       bool
	}{
		"Ethernet":                  {map[string]string{"type": "802-3-ethernet"}, true, true},
		"a port of a bridge":        {map[string]string{"type": "802-3-ethernet", "slave-type": "bridge"}, true, false},
		"the same, since 1.46":      {map[string]string{"type": "802-3-ethernet", "port-type": "bridge"}, true, false},
		"what has no addresses":     {map[string]string{"type": "802-3-ethernet"}, false, false},
		"a connection without type": {map[string]string{}, true, false},
		"a VPN":                     {map[string]string{"type": "vpn"}, true, false},
	} {
		s := Settings{"connection": {}}
		for key, value := range tt.connection {
			s["connection"][key] = dbus.MakeVariant(value)
		}
		if tt.ipv4 {
			s["ipv4"] = map[string]dbus.Variant{"method": dbus.MakeVariant("auto")}
		}
		if network(s) != tt.want {
			t.Errorf("%s: want %t", name, tt.want)
		}
	}
}

func TestAServersAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"192.0.2.1": true, "2001:db8::1": true, "fe80::1": true, "fe80::1%eth0": false, "0.0.0.0": false, "::": false, "127.0.0.1": false, "::1": false,
		"224.0.0.1": false, "ff02::1": false,
	} {
		if Usable(netip.MustParseAddr(address)) != want {
			t.Errorf("%s: want %t", address, want)
		}
	}
	var many []netip.Addr
	for i := range 2 * maxServers {
		many = append(many, addrs(fmt.Sprintf("192.0.2.%d", i/2+1), fmt.Sprintf("::ffff:192.0.2.%d", i+1))...)
	}
	if got := tidy(many); len(got) != maxServers || slices.ContainsFunc(got, netip.Addr.Is4In6) {
		t.Errorf("of many addresses, %v are left", got)
	}
}

func TestAProfileIsReadyAndBoundAsAWhole(t *testing.T) {
	l := Lock{Servers: addrs("192.0.2.1")}
	if v := (Connection{settings: office(nil).locked(l)}); !v.ready(l) {
		t.Error("a locked profile is not ready")
	}
	for _, family := range families {
		for _, key := range []string{routeTable, routeToServer} {
			v := Connection{settings: office(nil).locked(l)}
			delete(v.settings[family], key)
			if v.ready(l) {
				t.Errorf("it is ready without %s.%s", family, key)
			}
		}
	}
	if keyOnly := withData(profile.KeyStrict, "yes"); !keyOnly.bound() {
		t.Error("a profile that says strict=yes does not count as bound")
	}
}
