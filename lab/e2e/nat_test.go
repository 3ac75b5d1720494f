// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/protocol/rudp"
	"network-manager-softether/protocol/rudp/rudptest"
)

// Desktop and VPN server are each behind a NAT that lets nothing in. What the rendezvous server tells both makes them
// open the way from inside, at the same time; the real server registers there by itself.
func TestBothBehindNATs(t *testing.T) {
	w := freshNetwork(t, func(o *lab.Options) { o.BehindNATs = true })
	w.verbose()
	r, err := w.NATs.Rendezvous(w.ctx)
	w.ok(err)
	server := r.Registered()[0]
	t.Logf("the server registers as %q, at %v", server.HostName, server.Public)
	natted := func(transport string) desktop.VPN {
		v := w.by(transport)
		v.Name, v.Data["gateway"] = "office-"+transport, plan.SiteAddr.String()
		v.Data["udp-acceleration"] = "v1" // for bulk datagrams, which find the same holes
		return v
	}

	// Without the server's help there is no way: the NATs are none in name only.
	r.Relay(false)
	v := natted("udp")
	w.ok(w.Desktop.Add(w.ctx, v))
	if w.Desktop.Up(w.ctx, v.Name) == nil {
		t.Fatal("the NATs let the client in before the server has opened one")
	}
	r.Relay(true)

	for _, transport := range []string{"udp", "auto"} {
		v := natted(transport)
		if transport == "udp" {
			w.ok(w.Desktop.Up(w.ctx, v.Name))
		} else {
			w.up(v)
		}
		w.pings(plan.OfficeGateway)
		log, reached := w.Desktop.NMLog(0), fmt.Sprintf("way=udp server=%v:443 peer=%v", plan.SiteAddr, server.Public)
		if !strings.Contains(log, reached) {
			t.Errorf("transport=%s: the service does not say %q", transport, reached)
		}
		var rate float64
		w.eventually("iperf3, which may still be busy", 30*time.Second, func() error {
			rate, err = w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 2*time.Second, false)
			return err
		})
		t.Logf("transport=%s: %.0f Mbit/s through both NATs", transport, rate/1e6)
		if rate < 1e6 {
			t.Errorf("transport=%s: %.1f Mbit/s", transport, rate/1e6)
		}
		if transport == "udp" {
			w.reattaches(v)
			w.survives(v)
		}
		w.down(v.Name)
	}

	// Another server joins the first behind its address: only a hint tells them apart.
	r.Register(rudptest.Registration{Public: netip.AddrPortFrom(plan.SiteAddr, 9), HostName: "another"})
	mark := w.Desktop.NMLogMark()
	if w.Desktop.Up(w.ctx, v.Name) == nil {
		t.Fatal("it connects to one of two servers at random")
	}
	if log := w.Desktop.NMLog(mark); !strings.Contains(log, rudp.ErrManyServers.Error()) {
		t.Error("the log does not say what to do")
	}
	hinted := natted("udp")
	hinted.Name = "office-hinted"
	hinted.Data["gateway"] += "/" + server.HostName
	w.up(hinted)
	w.pings(plan.OfficeGateway)
	w.down(hinted.Name)
	if log := w.Server.Log(60); !strings.Contains(log, "VPN over UDP with NAT-T") {
		t.Errorf("the server does not speak of NAT traversal:\n%s", log)
	}
}

// reattaches has the desktop's NAT lose its table. The way that was opened is closed then, and the session looks for a
// new one.
func (w *world) reattaches(v desktop.VPN) {
	w.t.Helper()
	before, mark := w.snapshot(), w.Desktop.NMLogMark()
	w.ok(w.NATs.Forget(w.ctx))
	w.eventually("the session's new connection", 30*time.Second, func() error {
		if !strings.Contains(w.Desktop.NMLog(mark), "re-attached") {
			return errors.New("not re-attached")
		}
		return nil
	})
	// Debian's server drops a session whose old connection ended without a farewell soon after (softether-protocol.md 8.6),
	// so that it takes a full login after all.
	w.t.Logf("traffic flows %.1f s after the session was re-attached", w.flows(20*time.Second).Seconds())
	w.unchanged(v.Name, before)
}
