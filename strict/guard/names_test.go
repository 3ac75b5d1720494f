// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"testing"

	"github.com/godbus/dbus/v5"
)

// A negative DNS priority shadows the name servers of the networks below, also for a VPN that has none.
func TestOnlyAFullTunnelTakesTheNames(t *testing.T) {
	for name, tt := range map[string]struct {
		method4, method6 string
		never4, never6   bool
		full             bool
	}{
		"full":                 {"auto", "auto", false, false, true},
		"split":                {"auto", "auto", true, true, false},
		"split, IPv6 left":     {"auto", "auto", true, false, false},
		"IPv6 alone, split":    {"disabled", "manual", false, true, false},
		"IPv6 alone, full":     {"disabled", "manual", false, false, true},
		"IPv4 alone, full":     {"auto", "disabled", false, true, true},
		"IPv4 ignored, split6": {"ignore", "auto", false, true, false},
	} {
		v := office(func(s Settings) {
			s["ipv4"] = map[string]dbus.Variant{"method": dbus.MakeVariant(tt.method4), "never-default": dbus.MakeVariant(tt.never4)}
			s["ipv6"] = map[string]dbus.Variant{"method": dbus.MakeVariant(tt.method6), "never-default": dbus.MakeVariant(tt.never6)}
		})
		for _, family := range families {
			if got := v.locked(Lock{})[family]["dns-priority"].Value(); (got == int32(-50)) != tt.full {
				t.Errorf("%s: the DNS priority of %s is %v", name, family, got)
			}
		}
	}
}

// What strict mode once set in a split tunnel over IPv6 alone goes, and what a person has set stays.
func TestASplitTunnelGivesTheNamesBack(t *testing.T) {
	for name, tt := range map[string]struct {
		method4     string
		never4      bool
		dns4, dns6  int32
		left4, left any // nil: none
	}{
		"IPv6 alone, as it was locked":         {"disabled", false, -50, -50, nil, nil},
		"IPv6 alone, by the person":            {"disabled", false, 0, -50, int32(0), int32(-50)},
		"IPv6 alone, another by the person":    {"disabled", false, -10, -10, int32(-10), int32(-10)},
		"split over both, by the person":       {"auto", true, -50, -50, int32(-50), int32(-50)},
		"full, where it is right to have them": {"auto", false, -50, -50, int32(-50), int32(-50)},
	} {
		v := office(func(s Settings) {
			s["ipv4"] = map[string]dbus.Variant{"method": dbus.MakeVariant(tt.method4), "never-default": dbus.MakeVariant(tt.never4), "dns-priority": dbus.MakeVariant(tt.dns4)}
			s["ipv6"] = map[string]dbus.Variant{"method": dbus.MakeVariant("auto"), "never-default": dbus.MakeVariant(true), "dns-priority": dbus.MakeVariant(tt.dns6)}
		})
		locked := Connection{settings: v.locked(Lock{})}
		for state, s := range map[string]Settings{"locked": locked.settings, "opened": v.opening(), "opened again": locked.opening()} {
			if a, b := s["ipv4"]["dns-priority"].Value(), s["ipv6"]["dns-priority"].Value(); a != tt.left4 || b != tt.left {
				t.Errorf("%s, %s: the DNS priorities are %v and %v, want %v and %v", name, state, a, b, tt.left4, tt.left)
			}
		}
		old := Connection{settings: locked.copy()} // but for the DNS priorities as it is to be
		for i, family := range families {
			old.settings[family]["dns-priority"] = dbus.MakeVariant([]int32{tt.dns4, tt.dns6}[i])
		}
		if got, want := old.ready(Lock{}), tt.left != nil; got != want {
			t.Errorf("%s: ready is %v, want %v", name, got, want)
		}
		if !locked.ready(Lock{}) {
			t.Errorf("%s: it would be locked for ever", name)
		}
	}
}
