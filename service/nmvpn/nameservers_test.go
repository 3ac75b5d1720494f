// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"
)

func TestNameServersOfADevice(t *testing.T) {
	v := dbus.MakeVariant
	six := netip.MustParseAddr("fd81::1")
	for _, tt := range []struct {
		name string
		got  []netip.Addr
		want []netip.Addr
	}{
		{
			"IPv4", nameServers4(map[string]dbus.Variant{"NameserverData": v([]map[string]dbus.Variant{
				{"address": v("10.81.0.1"), "other": v(1)}, {"address": v("nonsense")}, {"address": v(7)}, {},
			})}),
			[]netip.Addr{netip.MustParseAddr("10.81.0.1")},
		},
		{"no IPv4", nameServers4(map[string]dbus.Variant{"NameserverData": v("text")}), nil},
		{"IPv6", nameServers6(map[string]dbus.Variant{"Nameservers": v([][]byte{six.AsSlice(), {1, 2, 3}, {10, 0, 0, 1}, nil})}), []netip.Addr{six}},
		{"no IPv6", nameServers6(nil), nil},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}
