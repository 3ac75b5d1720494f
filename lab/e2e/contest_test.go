// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"net"
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
	metric("50")
	w.up(fullTunnel(w.persistent()))
	for _, m := range []string{"50", "10"} {
		metric(m)
		w.standsOn(base, 10*time.Second)
		secret := w.private(true)
		time.Sleep(2 * time.Second)
		secret()
		w.pings(plan.OfficeInner)
	}
	metric("100")

	// Not one datagram may leave by a base that comes up so.
	other := plan.Bases[1]
	end := w.clearFor(other)
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", other.Profile, "ipv4.route-metric", "20", "ipv6.route-metric", "20")
	w.ok(err)
	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "up", other.Profile)
	w.ok(err)
	w.standsOn(other, 20*time.Second) // what had waited for the router's MAC address has left by then
	if n, span := end(); n > 0 {
		t.Errorf("of a datagram each millisecond, %d left in clear, the last %v after the first", n, span)
	}
	secret := w.private(true)
	time.Sleep(time.Second)
	secret()
	w.pings(plan.OfficeInner)
	w.down("office")
}

// clearFor sends a datagram of each family to somewhere on the Internet each millisecond until the returned function is
// called, which tells how many left in clear by a base, and how long after the first one the last.
func (w *world) clearFor(b plan.Base) (end func() (n int, span time.Duration)) {
	w.t.Helper()
	seen, stop, done := captureOn(w.t, w.Desktop.Host, b.Device), make(chan struct{}), make(chan struct{})
	var conns []net.Conn
	for _, a := range []netip.Addr{elsewhere4, elsewhere6} {
		conn, err := w.Desktop.DialContext(w.ctx, "udp", netip.AddrPortFrom(a, 9).String())
		w.ok(err)
		conns = append(conns, conn)
	}
	began := time.Now()
	go func() {
		defer close(done)
		for tick := time.Tick(time.Millisecond); ; {
			for _, conn := range conns {
				_, _ = conn.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Since(began)))) // it may have no route for a moment
			}
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
		for _, conn := range conns {
			w.ok(conn.Close())
		}
		var first, last time.Duration
		for _, p := range seen.end() {
			what := lab.InClear(p.data)
			_, l4, proto, _, err := lab.Layers(p.data)
			if err != nil || !p.outgoing || proto != unix.IPPROTO_UDP || len(p.data) < l4+16 ||
				!strings.Contains(what, "to "+elsewhere4.String()+",") && !strings.Contains(what, "to "+elsewhere6.String()+",") {
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
