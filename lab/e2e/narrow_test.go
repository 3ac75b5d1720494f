// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A path that ceases to carry what UDP acceleration needs must not cost anybody their traffic.
func TestFramesThatUDPDoesNotCarryGoOverTCP(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.up(w.accelerate("yes"))
	w.settles("frames to go over UDP", 25*time.Second, allUDP)
	for _, step := range []struct {
		why                string
		longest            int // packet that arrives
		tooLong, carryable int // bytes of a ping
	}{
		{"only fragments are lost", 1500, 1472, 1300},
		{"a black hole", 1400, 1300, 100},
	} {
		w.ok(w.NarrowUDP(w.ctx, step.longest))
		w.eventually(step.why+": frames that are too long to go over TCP", 40*time.Second, func() error {
			return w.pinged(step.tooLong, func(c lab.Carriers) bool { return c.UDPUp <= 10 })
		})
		w.eventually(step.why+": shorter ones to go over UDP, and their answers over TCP", 20*time.Second, func() error {
			return w.pinged(step.carryable, func(c lab.Carriers) bool { return c.UDPUp >= 20 })
		})
	}
	before, err := w.Carriers(w.ctx)
	w.ok(err)
	w.ok(w.Desktop.EchoTCP(w.ctx, plan.OfficeGateway, 16<<20))
	after, err := w.Carriers(w.ctx)
	w.ok(err)
	if c := after.Sub(before); c.TCPUp < 100 || c.TCPDown < 100 {
		t.Errorf("16 MiB went %+v", c)
	}
	w.inOffice("fast")
	w.down("fast")
}

// pinged sends twenty pings with that many bytes, which must all be answered over TCP, and checks what carried them.
func (w *world) pinged(bytes int, fits func(lab.Carriers) bool) error {
	before, err := w.Carriers(w.ctx)
	if err != nil {
		return err
	}
	res, err := w.Desktop.Run(w.ctx, netns.Command{Args: []string{"ping", "-q", "-i", "0.05", "-c", "20", "-W", "1", "-s", fmt.Sprint(bytes), plan.OfficeGateway.String()}})
	if err != nil {
		return err
	}
	after, err := w.Carriers(w.ctx)
	if c := after.Sub(before); err == nil && (!strings.Contains(res.Stdout, " 0% packet loss") || c.UDPDown > 10 || c.TCPDown < 20 || !fits(c)) {
		err = fmt.Errorf("%+v\n%s", c, res.Stdout)
	}
	return err
}
