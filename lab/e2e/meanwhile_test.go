// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// streamsMeanwhile keeps a TCP connection of the desktop to the office busy both ways until the returned function is called,
// which waits for its end and fails the test unless every byte has arrived.
func (w *world) streamsMeanwhile() (end func()) {
	w.t.Helper()
	over := w.streamsFrom(w.Desktop.Host, perTest/2)
	return func() {
		w.t.Helper()
		if err := over(); err != nil {
			w.t.Error(err)
		}
	}
}

// streamsFrom keeps a TCP connection from h to the office busy both ways until the returned function is called, which waits
// at most that long for its end and compares every byte.
func (w *world) streamsFrom(h *netns.Host, limit time.Duration) (end func() error) {
	w.t.Helper()
	l, err := w.Office.Listen("tcp", netip.AddrPortFrom(plan.OfficeGateway, 0).String())
	w.ok(err)
	desk, err := h.DialContext(w.ctx, "tcp", l.Addr().String())
	w.ok(err)
	office, err := l.Accept()
	w.ok(err)
	stop, broken := make(chan struct{}), make(chan error, 4)
	for j, way := range [][2]net.Conn{{desk, office}, {office, desk}} {
		from, to := way[0].(*net.TCPConn), way[1]
		key := [32]byte{'r', byte(j)}
		size := make(chan int, 1)
		go func() {
			n, err := writeUntil(from, key, stop)
			size <- n
			if err = errors.Join(err, from.CloseWrite()); err != nil {
				err = fmt.Errorf("to %v: %w", from.RemoteAddr(), err)
			}
			broken <- err
		}()
		go func() {
			n, err := compareStream(to, key)
			if sent := <-size; err != nil || n != sent {
				err = errors.Join(err, fmt.Errorf("from %v: %d of %d bytes", to.RemoteAddr(), n, sent))
			}
			broken <- err
		}()
	}
	return func() error {
		close(stop)
		until := time.Now().Add(limit)
		err := errors.Join(desk.SetDeadline(until), office.SetDeadline(until))
		for range cap(broken) {
			err = errors.Join(err, <-broken)
		}
		for _, c := range []net.Conn{desk, office} {
			_ = c.Close() // what a broken one says to that is known by now
		}
		return errors.Join(err, l.Close())
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
