// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"slices"
	"testing"

	"network-manager-softether/service/nmvpn"
)

func TestTellingAgainIsNeverTheSame(t *testing.T) {
	ip := &nmvpn.IPConfig{Addr: netip.MustParsePrefix("10.9.0.5/24")}
	told := announcement{config: nmvpn.Config{TunDev: "se0", HasIP4: true}, ip4: ip}
	for _, bounce := range []bool{false, true} {
		todo, next := again(told, told, bounce)
		want := []step{tellConfig, tellIP4}
		if bounce {
			want = append(want, tellStarted)
		}
		if !slices.Equal(todo, want) || next.toggled == told.toggled {
			t.Errorf("bounce %v: steps %v, toggled %v", bounce, todo, next.toggled)
		}
		told = next
	}
}
