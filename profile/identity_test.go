// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// Addresses and ids must never change between versions: leases, hub tables and
// session limits on servers depend on them. The expected values come from
// printf '%s\0%s' 'network-manager-softether mac address' UUID | sha256sum, and the same with "unique id".
func TestDerivationsAreFixed(t *testing.T) {
	if got, want := StableMAC(testUUID).String(), "5e:33:ec:ba:3d:90"; got != want {
		t.Errorf("StableMAC = %s, want %s", got, want)
	}
	id := UniqueIDOf(testUUID)
	if got, want := hex.EncodeToString(id[:]), "35c63fe8dc1b1e64f2918e5a2c1b9f2f"; got != want {
		t.Errorf("UniqueIDOf = %s, want %s", got, want)
	}
	if !bytes.Equal(StableMAC(strings.ToUpper(testUUID)), StableMAC(testUUID)) {
		t.Error("the MAC address depends on the case of the UUID")
	}
	if bytes.Equal(StableMAC(testUUID)[1:], id[1:6]) {
		t.Error("the UniqueId shows the MAC address")
	}
}

func TestMACAddressesAreUnicastAndLocal(t *testing.T) {
	stable := mustParse(t, with())
	random := mustParse(t, with("mac", "random"))
	again := mustParse(t, with("mac", "random"))
	for _, p := range []*Profile{stable, random, again} {
		if len(p.MAC) != 6 || p.MAC[0] != 0x5e {
			t.Errorf("%s: %s", p.MACMode, p.MAC)
		}
	}
	if bytes.Equal(random.MAC, again.MAC) || bytes.Equal(random.MAC, stable.MAC) {
		t.Errorf("not random: %s, %s, stable %s", random.MAC, again.MAC, stable.MAC)
	}
}
