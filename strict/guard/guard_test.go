// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"network-manager-softether/profile"
)

func addrs(text ...string) []netip.Addr {
	var list []netip.Addr
	for _, t := range text {
		list = append(list, netip.MustParseAddr(t))
	}
	return list
}

// outline writes rules as ip-rule(8) does.
func outline(list []map[string]dbus.Variant) []string {
	var lines []string
	for _, r := range list {
		s := fmt.Sprint(r["priority"].Value(), ":")
		for _, key := range []string{"to", "to-len", "ipproto", "sport-start", "dport-end", "suppress-prefixlength"} {
			if v := r[key].Value(); v != nil {
				s += fmt.Sprintf(" %s %v", key, v)
			}
		}
		if table := r["table"].Value(); table != nil {
			s += fmt.Sprintf(" table %v", table)
		} else if r["action"].Value() == unreachable {
			s += " unreachable"
		}
		lines = append(lines, s)
	}
	return lines
}

func TestRulesOfTheGuard(t *testing.T) {
	data := []string{}
	for _, p := range carriers {
		data = append(data, fmt.Sprintf("30994: ipproto %d table 21317", p), fmt.Sprintf("30995: ipproto %d unreachable", p))
	}
	tail := append(data, "30996: suppress-prefixlength 0 table 254", "30997: table 21317", "30998: unreachable")
	for name, tt := range map[string]struct {
		locks  Locks
		family int
		want   []string
	}{
		"one server": {Locks{"a": {Servers: addrs("192.0.2.1", "2001:db8::1")}}, unix.AF_INET, append([]string{
			"30990: to 192.0.2.1 to-len 32 table 254",
			"30991: ipproto 17 sport-start 68 dport-end 67 table 254",
		}, tail...)},
		"IPv6": {Locks{"a": {Servers: addrs("192.0.2.1", "2001:db8::1")}}, unix.AF_INET6, []string{
			"30990: to 2001:db8::1 to-len 128 table 254",
			"30991: ipproto 17 sport-start 546 dport-end 547 table 254",
			"30997: table 21317", "30998: unreachable",
		}},
		"two servers, the same address once, and the local network": {
			Locks{"a": {LAN: true, Servers: addrs("192.0.2.2", "192.0.2.1")}, "b": {LAN: true, Servers: addrs("192.0.2.1")}}, unix.AF_INET, append([]string{
				"30990: to 192.0.2.1 to-len 32 table 254",
				"30990: to 192.0.2.2 to-len 32 table 254",
				"30991: ipproto 17 sport-start 68 dport-end 67 table 254",
				"30992: suppress-prefixlength 0 table 21317",
				"30993: to 10.0.0.0 to-len 8 suppress-prefixlength 0 table 254",
				"30993: to 172.16.0.0 to-len 12 suppress-prefixlength 0 table 254",
				"30993: to 192.168.0.0 to-len 16 suppress-prefixlength 0 table 254",
				"30993: to 169.254.0.0 to-len 16 suppress-prefixlength 0 table 254",
			}, tail...),
		},
		"the strictest decides": {Locks{"a": {LAN: true}, "b": {}}, unix.AF_INET6, []string{
			"30991: ipproto 17 sport-start 546 dport-end 547 table 254",
			"30997: table 21317", "30998: unreachable",
		}},
	} {
		if diff := cmp.Diff(tt.want, outline(rules(tt.locks, tt.family))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestLocksAreReadBack(t *testing.T) {
	want := Locks{"6f4e1c2a-0000-4000-8000-000000000001": {LAN: true, Servers: addrs("192.0.2.1", "2001:db8::1")}, "b": {Servers: addrs("192.0.2.9")}}
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff(want, readLocks(connection(want)), cmp.AllowUnexported(Lock{}), same); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	strange := Settings{"user": {"data": dbus.MakeVariant(map[string]string{"softether.x": "", "other": "yes", "softether.y": "yes nonsense"})}}
	if diff := cmp.Diff(Locks{"y": {}}, readLocks(strange), cmp.AllowUnexported(Lock{}), same); diff != "" {
		t.Errorf("strange (-want +got)\n%s", diff)
	}
	if got := readLocks(nil); len(got) != 0 {
		t.Errorf("without a guard there are locks: %v", got)
	}
}

// office is a profile as NetworkManager 1.42 shows it.
func office(change func(Settings)) Connection {
	s := Settings{
		"connection": {"id": dbus.MakeVariant("Office"), "uuid": dbus.MakeVariant("u"), "type": dbus.MakeVariant("vpn")},
		"vpn": {"service-type": dbus.MakeVariant(profile.ServiceType), "data": dbus.MakeVariant(map[string]string{
			"gateway": "vpn.example.com:8888/tcp", "user": "joe",
		})},
		"ipv4": {"method": dbus.MakeVariant("auto"), "routes": dbus.MakeVariant([][]uint32{}), "route-data": dbus.MakeVariant([]map[string]dbus.Variant{})},
	}
	if change != nil {
		change(s)
	}
	return Connection{path: "/1", settings: s}
}

func TestAProfileIsLockedAndUnlocked(t *testing.T) {
	v := office(nil)
	before := fmt.Sprint(v.settings)
	s := v.locked(Lock{Servers: addrs("192.0.2.1", "2001:db8::1")})
	if after := fmt.Sprint(v.settings); after != before {
		t.Errorf("the profile that was read has changed:\n%s\n%s", before, after)
	}
	data := Connection{settings: s}.data()
	if data["strict"] != "yes" || data["server-addresses"] != "192.0.2.1 2001:db8::1" || data["user"] != "joe" {
		t.Errorf("data is %v", data)
	}
	for _, family := range []string{"ipv4", "ipv6"} {
		if s[family]["route-table"].Value() != uint32(21317) || s[family]["dns-priority"].Value() != int32(-50) || s[family][routeToServer].Value() != int32(0) {
			t.Errorf("%s is %v", family, s[family])
		}
	}
	if _, old := s["ipv4"]["routes"]; old {
		t.Error("routes are given back in two forms")
	}
	s = Connection{path: "/1", settings: s}.unlocked()
	if fmt.Sprint(Connection{settings: s}.data()) != fmt.Sprint(v.data()) || s["ipv4"]["route-table"].Value() != nil || s["ipv6"][routeToServer].Value() != nil {
		t.Errorf("unlocked: %v", s)
	}

	// Whoever changes the key by hand leaves the tables, which "off --all" has to find.
	byHand := v.locked(Lock{Servers: addrs("192.0.2.1")})
	changed := Connection{settings: byHand}.data()
	changed["strict"] = "no"
	byHand["vpn"]["data"] = dbus.MakeVariant(changed)
	for name, got := range map[string]bool{
		"locked": Connection{settings: v.locked(Lock{})}.bound(), "key changed by hand": Connection{settings: byHand}.bound(), "unlocked": !Connection{settings: s}.bound(), "never locked": !v.bound(),
	} {
		if !got {
			t.Errorf("%s: bound is wrong", name)
		}
	}

	own := office(func(s Settings) {
		s["ipv4"]["dns-priority"], s["ipv4"]["never-default"] = dbus.MakeVariant(int32(5)), dbus.MakeVariant(true)
		s["ipv4"]["route-table"] = dbus.MakeVariant(uint32(7))
	})
	if s := own.locked(Lock{LAN: true}); s["ipv4"]["dns-priority"].Value() != int32(5) || s["ipv6"]["dns-priority"].Value() != nil {
		t.Errorf("a split tunnel's, or the person's own, DNS priority was changed: %v", s)
	}
	if s := own.unlocked(); s["ipv4"]["route-table"].Value() != uint32(7) {
		t.Errorf("the person's own table was changed: %v", s)
	}
}

func TestTheEntrance(t *testing.T) {
	set := func(pairs ...string) Connection {
		return office(func(s Settings) {
			data := map[string]string{"gateway": "vpn.example.com:8888/tcp"}
			for i := 0; i < len(pairs); i += 2 {
				data[pairs[i]] = pairs[i+1]
			}
			s["vpn"]["data"] = dbus.MakeVariant(data)
		})
	}
	for _, tt := range []struct {
		v    Connection
		want string // "" = an error
	}{
		{set(), "vpn.example.com"},
		{set("gateway", "[2001:db8::1]:992"), "2001:db8::1"},
		{set("proxy-type", "http", "proxy-server", "proxy.example:3128"), "proxy.example"},
		{set("proxy-type", "none", "proxy-server", "proxy.example:3128"), "vpn.example.com"},
		{set("transport", "udp"), ""},
		{set("gateway", ""), ""},
		{set("gateway", " vpn.example.com "), "vpn.example.com"},
		{set("gateway", "https://vpn.example.com"), ""},
	} {
		got, err := tt.v.entrance()
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%v: %q, %v, want %q", tt.v.data(), got, err, tt.want)
		}
	}
	if _, err := set("gateway", "https://vpn.example.com").entrance(); !strings.Contains(err.Error(), "this is a URL") {
		t.Errorf("of a URL, a person reads: %v", err)
	}
}

func TestNamesAreFound(t *testing.T) {
	list := []Connection{
		office(nil), office(func(s Settings) { s["connection"]["uuid"] = dbus.MakeVariant("w") }),
		office(func(s Settings) { s["connection"]["id"] = dbus.MakeVariant("Home") }),
	}
	for name, want := range map[string]string{"Home": "Home", "w": "Office", "Office": "", "Nowhere": ""} {
		v, err := State{VPNs: list}.Find(name)
		if (err == nil) != (want != "") || err == nil && v.Name() != want {
			t.Errorf("%s: %q, %v", name, v.Name(), err)
		}
	}
}

func TestNetworksGetTheRulesAndLoseThem(t *testing.T) {
	theirs := map[string]dbus.Variant{"family": dbus.MakeVariant(int32(2)), "priority": dbus.MakeVariant(uint32(100)), "table": dbus.MakeVariant(uint32(7))}
	n := Connection{path: "/2", settings: Settings{
		"connection": {"type": dbus.MakeVariant("802-3-ethernet"), "uuid": dbus.MakeVariant("n")},
		"ipv4":       {"method": dbus.MakeVariant("auto"), "routing-rules": dbus.MakeVariant([]map[string]dbus.Variant{theirs})},
		"ipv6":       {"method": dbus.MakeVariant("disabled")},
	}}
	l := Locks{"a": {Servers: addrs("192.0.2.1")}}
	s, changed := n.withRules(l)
	want := append([]string{"100: table 7"}, outline(rules(l, unix.AF_INET))...)
	got, _ := s["ipv4"]["routing-rules"].Value().([]map[string]dbus.Variant)
	if diff := cmp.Diff(want, outline(got)); diff != "" || !changed || s["ipv6"]["routing-rules"].Value() != nil {
		t.Errorf("changed %t, IPv6 %v (-want +got)\n%s", changed, s["ipv6"], diff)
	}
	n.settings = s
	if _, changed := n.withRules(l); changed {
		t.Error("the second time something changes")
	}
	s, changed = n.withRules(nil)
	got, _ = s["ipv4"]["routing-rules"].Value().([]map[string]dbus.Variant)
	if diff := cmp.Diff([]string{"100: table 7"}, outline(got)); diff != "" || !changed {
		t.Errorf("taken away: changed %t (-want +got)\n%s", changed, diff)
	}
	for kind, want := range map[string]bool{"802-11-wireless": true, "gsm": true, "vpn": false, "loopback": false} {
		n.settings["connection"] = map[string]dbus.Variant{"type": dbus.MakeVariant(kind)}
		if network(n.settings) != want {
			t.Errorf("%s: %t", kind, !want)
		}
	}
}
