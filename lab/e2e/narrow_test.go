// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
	"time"

	"network-manager-softether/lab"
)

// A path that does not carry what UDP acceleration needs must not cost anybody his traffic.
func TestFramesTravelOverTCPWhereThePathLosesLongPackets(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.NarrowUDP(w.ctx, 1400))
	w.up(w.accelerate("yes"))
	time.Sleep(16 * time.Second) // by now UDP would be used
	w.settles("frames to go over TCP", 25*time.Second, allTCP)
	before, err := w.Carriers(w.ctx)
	w.ok(err)
	w.ok(w.Desktop.EchoTCP(w.ctx, lab.OfficeGateway, 16<<20))
	after, err := w.Carriers(w.ctx)
	w.ok(err)
	w.ok(allTCP(after.Sub(before)))
	for _, reverse := range []bool{false, true} {
		r, err := w.Desktop.Iperf(w.ctx, lab.OfficeGateway, 2*time.Second, reverse)
		w.ok(err)
		t.Logf("reverse %v: %+v", reverse, r)
	}
	w.down("fast")
}
