// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

func TestEveryValueOfUDPAccelerationReachesTheProtocol(t *testing.T) {
	want := map[string]protocol.UDPMode{"no": protocol.UDPOff, "auto": protocol.UDPAuto, "yes": protocol.UDPYes, "v1": protocol.UDPV1}
	for _, k := range profile.Keys {
		if k.Name != profile.KeyUDPAcceleration {
			continue
		}
		for _, v := range k.Values {
			mode, ok := udpModes[profile.UDPAcceleration(v.Word)]
			if w, known := want[v.Word]; !ok || !known || mode != w {
				t.Errorf("%s=%s is mode %d, %v; want %d, %v", k.Name, v.Word, mode, ok, w, known)
			}
		}
	}
}
