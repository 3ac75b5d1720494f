// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"maps"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

func TestWhatThePersonHasSetComesBack(t *testing.T) {
	set := func(s Settings, family, key string, value any) {
		if s[family] == nil {
			s[family] = map[string]dbus.Variant{"method": dbus.MakeVariant("auto")}
		}
		s[family][key] = dbus.MakeVariant(value)
	}
	for name, change := range map[string]func(Settings){
		"nothing": func(Settings) {},
		"no route to the server": func(s Settings) {
			set(s, "ipv4", routeToServer, int32(0))
		},
		"a table, and a route to the server": func(s Settings) {
			set(s, "ipv6", routeTable, uint32(77))
			set(s, "ipv6", routeToServer, int32(1))
		},
		"another program's data": func(s Settings) {
			s["user"] = map[string]dbus.Variant{"data": dbus.MakeVariant(map[string]string{"other.key": "kept"})}
			set(s, "ipv4", routeToServer, int32(0))
		},
	} {
		v := office(change)
		once := Connection{settings: v.locked(Lock{Servers: addrs("192.0.2.1")})}
		twice := Connection{settings: once.locked(Lock{Servers: addrs("192.0.2.2")})}
		if twice.free() || !twice.ready(Lock{Servers: addrs("192.0.2.2")}) {
			t.Errorf("%s: locked: %v", name, twice.settings)
		}
		back := Connection{settings: twice.unlocked()}
		for _, key := range []string{routeTable, routeToServer} {
			for _, family := range families {
				if got, want := back.settings[family][key].Value(), v.settings[family][key].Value(); got != want {
					t.Errorf("%s: %s.%s is %v, was %v", name, family, key, got, want)
				}
			}
		}
		if diff := cmp.Diff(v.userData(), back.userData()); diff != "" || !back.free() {
			t.Errorf("%s: data of programs (-before +after)\n%s", name, diff)
		}
	}

	// What cannot be read, and what somebody has changed meanwhile, stays away.
	odd := Connection{settings: office(nil).locked(Lock{})}
	odd.settings["user"] = map[string]dbus.Variant{"data": dbus.MakeVariant(map[string]string{
		beforeKey + "ipv4": "route-table=-1 auto-route-ext-gw=x other=1 auto-route-ext-gw=99999999999",
		beforeKey + "ipv6": "route-table=5",
	})}
	odd.settings["ipv6"] = maps.Clone(odd.settings["ipv6"])
	odd.settings["ipv6"][routeTable] = dbus.MakeVariant(uint32(9))
	s := odd.unlocked()
	if s["ipv4"][routeTable].Value() != nil || s["ipv4"][routeToServer].Value() != nil || s["ipv6"][routeTable].Value() != uint32(9) || s["user"] != nil {
		t.Errorf("unlocked: %v", s)
	}
}
