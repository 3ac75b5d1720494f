// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// calls has a computer of the office whose address is on the Internet, too, connect to this one in the VPN.
func (w *world) calls(to netip.Addr, limit time.Duration) error {
	return w.Office.Do(func() error {
		from := &net.TCPAddr{IP: plan.EverywhereWeb.AsSlice()}
		c, err := (&net.Dialer{LocalAddr: from, Timeout: limit, FallbackDelay: -1}).Dial("tcp", netip.AddrPortFrom(to, 8080).String())
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// rules are the kernel's, without those of every computer.
func (w *world) rules() string {
	w.t.Helper()
	out, err := w.Desktop.Must(w.ctx, "ip", "-4", "rule")
	w.ok(err)
	var own []string
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "from all lookup") {
			own = append(own, strings.TrimSpace(line))
		}
	}
	return strings.Join(own, "\n")
}

// In a split tunnel, answers to hosts that came in by the tunnel leave by the base connection, where they are lost; the
// example script for NetworkManager's dispatcher has them leave by the tunnel.
func TestAnswersLeaveByTheTunnelOfASplitOne(t *testing.T) {
	w := freshNetwork(t)
	_, err := w.Desktop.Serve(":8080", func(net.Conn) {})
	w.ok(err)
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv4.never-default", "yes", "ipv4.routes", "0.0.0.0/0 10.20.0.1 table=4711"))
	w.up(v)
	if err := w.calls(w.addressIn(w.tap(), plan.OfficeNet), 2*time.Second); err == nil {
		t.Error("an answer has arrived without the script, which then shows nothing")
	}
	w.down("office")

	w.ok(w.Desktop.UseDispatcher(w.ctx, examples+"90-softether-answers"))
	w.ok(w.Desktop.Up(w.ctx, "office"))
	self := w.addressIn(w.tap(), plan.OfficeNet)
	w.eventually("the rule", 10*time.Second, func() error {
		return is("the rule", strings.Contains(w.rules(), fmt.Sprintf("from %v lookup 4711", self)), true, nil)
	})
	w.ok(w.calls(self, hung))
	w.web("internet", plan.Bases[0].Address) // what this computer begins goes where it went
	w.inOffice("office")
	w.pings(plan.OfficeInner)
	w.down("office")
	w.eventually("no rule", 10*time.Second, func() error { return is("rules", w.rules(), "", nil) })
}
