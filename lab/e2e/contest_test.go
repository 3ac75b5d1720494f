// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab"
	"network-manager-softether/lab/plan"
)

// The default route of the base is as good as the tunnel's, or better: the kernel would send by it, or by both in turn.
func TestABaseContestsTheFullTunnel(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	base := plan.Bases[0]
	metric := func(m string) {
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", base.Profile, "ipv4.route-metric", m, "ipv6.route-metric", m)
		w.ok(err)
		_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", base.Device)
		w.ok(err)
	}
	outdone := func(want bool) {
		w.eventually(fmt.Sprintf("halves of a default route: %v", want), 20*time.Second, func() error {
			v4, err := w.Desktop.Must(w.ctx, "ip", "-4", "route", "show", "0.0.0.0/1")
			w.ok(err)
			v6, err := w.Desktop.Must(w.ctx, "ip", "-6", "route", "show", "::/1")
			w.ok(err)
			if strings.Contains(v4, "dev se") != want || strings.Contains(v6, "dev se") != want {
				return fmt.Errorf("the routes are %q and %q", v4, v6)
			}
			return nil
		})
	}
	metric("50")
	w.up(fullTunnel(w.persistent()))
	for _, m := range []string{"50", "10"} {
		metric(m)
		outdone(true)
		w.standsOn(base, 10*time.Second)
		secret := w.private(true)
		time.Sleep(2 * time.Second)
		secret()
		w.pings(plan.OfficeInner)
	}
	metric("100")
	outdone(false)
	secret := w.private(true)
	time.Sleep(time.Second)
	secret()

	// Until the halves are there, what has no strict mode leaves by the other base.
	end := w.clearFor(plan.Bases[1])
	other := plan.Bases[1]
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", other.Profile, "ipv4.route-metric", "20", "ipv6.route-metric", "20")
	w.ok(err)
	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "up", other.Profile)
	w.ok(err)
	outdone(true)
	w.standsOn(other, 20*time.Second) // what had waited for the router's MAC address has left by then
	n, span := end()
	t.Logf("of a datagram each millisecond, %d left in clear, the last %v after the first", n, span)
	secret = w.private(true)
	time.Sleep(time.Second)
	secret()
	w.down("office")
}

// clearFor sends a datagram to somewhere on the Internet each millisecond until the returned function is called, which
// tells how many left in clear by a base, and how long after the first one the last.
func (w *world) clearFor(b plan.Base) (end func() (n int, span time.Duration)) {
	w.t.Helper()
	seen, stop, done := captureOn(w.t, w.Desktop.Host, b.Device), make(chan struct{}), make(chan struct{})
	conn, err := w.Desktop.DialContext(w.ctx, "udp", netip.AddrPortFrom(elsewhere4, 9).String())
	w.ok(err)
	began := time.Now()
	go func() {
		defer close(done)
		for tick := time.Tick(time.Millisecond); ; {
			_, _ = conn.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Since(began)))) // it may have no route for a moment
			select {
			case <-tick:
			case <-stop:
				return
			}
		}
	}()
	return func() (n int, span time.Duration) {
		w.t.Helper()
		close(stop)
		<-done
		w.ok(conn.Close())
		var first, last time.Duration
		for _, p := range seen.end() {
			l3, l4, proto, _, err := lab.Layers(p.data)
			if err != nil || !p.outgoing || proto != unix.IPPROTO_UDP || len(p.data) < l4+16 || netip.AddrFrom4([4]byte(p.data[l3+16:l3+20])) != elsewhere4 {
				continue
			}
			last = time.Duration(binary.BigEndian.Uint64(p.data[l4+8:]))
			if n++; n == 1 {
				first = last
			}
		}
		return n, last - first
	}
}
