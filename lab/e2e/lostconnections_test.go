// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// inOrder connects with n connections and returns them in the order in which they were made.
func (w *world) inOrder(v desktop.VPN, n int) (ports []string) {
	w.t.Helper()
	v.Data["connection-interval"] = "3"
	w.up(v)
	w.eventually(fmt.Sprint(n, " connections"), 30*time.Second, func() error {
		now, err := w.VPNConnections(w.ctx)
		for _, p := range now {
			if !slices.Contains(ports, p) {
				ports = append(ports, p)
			}
		}
		return is("the number of connections", len(ports), n, err)
	})
	return ports
}

func TestConnectionsAreForgottenOnTheWayOneByOne(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		half bool
		lose []int
	}{
		"full duplex": {false, []int{0, 1, 2}},
		"half duplex": {true, []int{0, 3, 1}}, // both that lead to the server, and one of the others
	} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			ports := w.inOrder(quick(parallel(w.profile("office", softether.HubOffice, softether.Alice), 4, tt.half)), 4)
			before := w.snapshot()
			id, _ := w.session(softether.HubOffice)
			done := make(chan error, 1)
			go func() {
				_, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 8*time.Second, false)
				done <- err
			}()
			stop := w.watch()
			for _, i := range tt.lose {
				w.ok(w.ForgetConnection(w.ctx, ports[i]))
				time.Sleep(2 * time.Second)
			}
			gap := stop()
			t.Logf("the longest time without an answer: %v", gap.Round(time.Millisecond))
			w.ok(<-done)
			if gap > 15*time.Second { // the session's own time-out is 20 s
				t.Errorf("no answer for %v", gap)
			}
			w.unchanged("office", before)
			// The server believes in the old ones until its time-out, and takes one more than granted.
			w.eventually("the lost ones to be replaced", 45*time.Second, func() error {
				now, err := w.VPNConnections(w.ctx)
				fresh := slices.DeleteFunc(now, func(p string) bool { return slices.Contains(ports, p) })
				if len(fresh) < 3 {
					err = fmt.Errorf("only %d new connections (%v)", len(fresh), err)
				}
				return err
			})
			w.flows(5 * time.Second)
			if !tt.half {
				if now, _ := w.session(softether.HubOffice); now != id {
					t.Errorf("session %s became %s", id, now)
				}
			}
			w.down("office")
		})
	}
}

// TestServerSendsIntoTheVoid: a server never notices that a connection on which it only sends is lost. Two of those, and
// the client takes a new session.
func TestServerSendsIntoTheVoid(t *testing.T) {
	w := freshNetwork(t)
	ports := w.inOrder(quick(parallel(w.profile("office", softether.HubOffice, softether.Alice), 4, true)), 4)
	before := w.snapshot()
	stop := w.watch()
	w.ok(w.ForgetConnection(w.ctx, ports[1]))
	w.ok(w.ForgetConnection(w.ctx, ports[2]))
	time.Sleep(20 * time.Second)
	gap := stop()
	t.Logf("the longest time without an answer: %v", gap.Round(time.Millisecond))
	if gap > 15*time.Second {
		t.Errorf("no answer for %v", gap)
	}
	w.flows(5 * time.Second)
	for _, reverse := range []bool{false, true} {
		if _, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, time.Second, reverse); err != nil {
			t.Errorf("reverse %t: %v", reverse, err)
		}
	}
	w.unchanged("office", before)
	w.down("office")
}

// TestServerDropsTheOthersAfterAnAbruptClose: Debian's server takes all connections of a session for broken when one is
// reset (softether-protocol.md 8.6); the way out is a new login.
func TestServerDropsTheOthersAfterAnAbruptClose(t *testing.T) {
	w := freshNetwork(t)
	w.up(quick(parallel(w.profile("office", softether.HubOffice, softether.Alice), 4, false)))
	ports := w.connections(4, 10*time.Second)
	before := w.snapshot()
	stop := w.watch()
	w.ok(w.ResetConnection(w.ctx, ports[1]))
	time.Sleep(8 * time.Second)
	gap := stop()
	t.Logf("the longest time without an answer: %v", gap.Round(time.Millisecond))
	if gap > 7*time.Second {
		t.Errorf("no answer for %v", gap)
	}
	w.flows(5 * time.Second)
	w.unchanged("office", before)
	now := w.connections(4, 15*time.Second)
	if slices.ContainsFunc(now, func(p string) bool { return slices.Contains(ports, p) }) {
		t.Logf("this server is not one of those: connections %v became %v", ports, now)
	}
	w.down("office")
}
