// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// streamsMeanwhile keeps a TCP connection to the office busy both ways until the returned function is called, which
// waits for its end and compares every byte.
func (w *world) streamsMeanwhile() (end func()) {
	w.t.Helper()
	l, err := w.Office.Listen("tcp", netip.AddrPortFrom(plan.OfficeGateway, 0).String())
	w.ok(err)
	desk, err := w.Desktop.DialContext(w.ctx, "tcp", l.Addr().String())
	w.ok(err)
	office, err := l.Accept()
	w.ok(err)
	var all sync.WaitGroup
	stop := make(chan struct{})
	for j, way := range [][2]net.Conn{{desk, office}, {office, desk}} {
		from, to := way[0].(*net.TCPConn), way[1]
		key := [32]byte{'r', byte(j)}
		size := make(chan int, 1)
		all.Go(func() {
			n, err := writeUntil(from, key, stop)
			if err := errors.Join(err, from.CloseWrite()); err != nil {
				w.t.Errorf("to %v: %v", from.RemoteAddr(), err)
			}
			size <- n
		})
		all.Go(func() {
			n, err := compareStream(to, key)
			if sent := <-size; err != nil || n != sent {
				w.t.Errorf("from %v: %d of %d bytes, %v", to.RemoteAddr(), n, sent, err)
			}
		})
	}
	return func() {
		w.t.Helper()
		close(stop)
		limit := time.Now().Add(perTest / 2)
		w.ok(errors.Join(desk.SetDeadline(limit), office.SetDeadline(limit)))
		all.Wait()
		w.ok(errors.Join(desk.Close(), office.Close(), l.Close()))
	}
}

// sameSession returns a function that checks that the server knows the session of now, and no other one.
func (w *world) sameSession() func() {
	w.t.Helper()
	before, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
	w.ok(err)
	if len(before) != 1 {
		w.t.Errorf("the server has the sessions %v", before)
	}
	return func() {
		w.t.Helper()
		after, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
		w.ok(err)
		if !slices.Equal(before, after) {
			w.t.Errorf("sessions are %v, before they were %v", after, before)
		}
	}
}
