// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
)

// A session over another transport than TCP follows the computer from network to network, and back, without any
// right that it had when it came up.
func TestOtherTransportsRoam(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	_, err := w.Server.BehindRendezvous(w.ctx)
	w.ok(err)
	w.both(false)
	for _, tt := range []struct {
		transport, passes string
		prepare           func() error
	}{
		{"udp", "meta l4proto udp", func() error { return nil }},
		{"icmp", "meta l4proto icmp", func() error { return w.Server.OverICMP(w.ctx) }},
		{"dns", "udp dport 53", func() error { return w.Server.OverDNS(w.ctx) }}, // the last: it ends the name server
	} {
		w.ok(tt.prepare())
		v := w.by(tt.transport)
		v.Name = "office-" + tt.transport
		v.More = append(v.More, "vpn.persistent", "yes")
		w.ok(w.OnlyLet(w.ctx, tt.passes))
		w.up(v)
		w.ok(w.withoutRights())
		w.on(v.Name, plan.Bases[0])
		end := w.streamsMeanwhile()
		beats := w.beats()
		w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
		gap := beats.gap()
		t.Logf("transport=%s, the network is left: longest gap %v, %d lost", tt.transport, gap, beats.stop())
		w.on(v.Name, plan.Bases[1])
		mark := w.Desktop.NMLogMark()
		beats = w.beats()
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", plan.Bases[0].Profile)
		w.ok(err)
		w.eventually("the session on the better network", 20*time.Second, func() error {
			if !strings.Contains(w.Desktop.NMLog(mark), "going on over "+plan.Bases[0].Device) {
				return errors.New("the log does not say so")
			}
			return nil
		})
		gap = beats.gap()
		t.Logf("transport=%s, a better network comes up: longest gap %v, %d lost", tt.transport, gap, beats.stop())
		end()
		w.down(v.Name)
		w.ok(w.OnlyLet(w.ctx, ""))
	}
}
