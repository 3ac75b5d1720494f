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
