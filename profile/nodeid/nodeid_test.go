// SPDX-License-Identifier: Apache-2.0

package nodeid

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"network-manager-softether/profile"
)

const testUUID = "6f7c2b0a-3d51-4c0e-9a55-0f3d8e4b7a10"

// Addresses and ids must never change between versions: leases, hub tables and
// session limits on servers depend on them. The expected values come from
// printf '%s\0%s' 'network-manager-softether mac address' UUID | sha256sum, and the same with "unique id".
func TestDerivationsAreFixed(t *testing.T) {
	if got, want := StableMAC(testUUID).String(), "5e:33:ec:ba:3d:90"; got != want {
		t.Errorf("StableMAC = %s, want %s", got, want)
	}
	id := UniqueID(testUUID)
	if got, want := hex.EncodeToString(id[:]), "35c63fe8dc1b1e64f2918e5a2c1b9f2f"; got != want {
		t.Errorf("UniqueID = %s, want %s", got, want)
	}
	if !bytes.Equal(StableMAC(strings.ToUpper(testUUID)), StableMAC(testUUID)) {
		t.Error("the MAC address depends on the case of the UUID")
	}
	if bytes.Equal(StableMAC(testUUID)[1:], id[1:6]) {
		t.Error("the UniqueId shows the MAC address")
	}
}

func TestMACIsWhatTheProfileAsksFor(t *testing.T) {
	mac := func(value string) string {
		p, _, err := profile.Parse(profile.Source{ID: "x", UUID: testUUID, Data: map[string]string{"gateway": "h", "user": "joe", "mac": value}})
		if err != nil {
			t.Fatal(err)
		}
		return MAC(p).String()
	}
	if got := mac("02:00:5e:10:00:01"); got != "02:00:5e:10:00:01" {
		t.Errorf("an address of the person's own becomes %s", got)
	}
	if got, want := mac("stable"), StableMAC(testUUID).String(); got != want || mac("") != want {
		t.Errorf("stable is %s, the default %s, want %s", got, mac(""), want)
	}
	random := mac("random")
	if len(random) != 17 || !strings.HasPrefix(random, "5e:") || random == mac("random") || random == mac("stable") {
		t.Errorf("random is %s, then %s, stable %s", random, mac("random"), mac("stable"))
	}
}
