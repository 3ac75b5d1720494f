// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// race opens a TCP connection to the first of the targets that answers. Attempts begin one after the other: the
// next one when stagger has passed or the one before it has failed (RFC 8305 5). All attempts have ended when
// race returns. The race in package rudp is a different one: its ways differ in worth and begin at fixed
// times, and the first to answer need not win.
func (d *dialer) race(ctx context.Context, t targets) (net.Conn, netip.AddrPort, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type result struct {
		conn net.Conn
		addr netip.AddrPort
		err  error
	}
	results := make(chan result)
	begin := func(addr netip.AddrPort) {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(t.limit, d.timing.connect))
		defer cancel()
		conn, err := d.Dialer.DialContext(ctx, "tcp", addr.String())
		results <- result{conn, addr, err}
	}

	next := time.NewTimer(t.lead)
	defer next.Stop()
	question := d.question(ctx, t)
	defer question.stop()
	var (
		won     result
		errs    []error
		waiting = t.list
		begun   []netip.AddrPort
		last    time.Time // when the last attempt began
		running int
	)
	for running > 0 || won.conn == nil && (len(waiting) > 0 || question.open) {
		select {
		case <-next.C:
			if len(waiting) > 0 && won.conn == nil && ctx.Err() == nil {
				go begin(waiting[0])
				begun, waiting = append(begun, waiting[0]), waiting[1:]
				running++
				last = time.Now()
				next.Reset(d.timing.stagger)
			}
		case <-question.due.C:
			question.ask()
		case <-question.late.C:
			question.open = false
		case found := <-question.answer:
			question.open = false
			if len(begun) > 0 || len(found) == 0 {
				found = unite(found, waiting)
			}
			waiting = slices.DeleteFunc(found, func(a netip.AddrPort) bool { return slices.Contains(begun, a) })
			if running == 0 {
				next.Reset(0)
			} else {
				next.Reset(max(0, d.timing.stagger-time.Since(last)))
			}
		case r := <-results:
			running--
			switch {
			case r.err != nil:
				errs = append(errs, r.err)
				next.Reset(0)
			case won.conn == nil:
				won = r
				cancel()
			default:
				r.conn.Close()
			}
		case <-ctx.Done():
			waiting, question.open = nil, false
			for ; running > 0; running-- {
				if r := <-results; r.err != nil {
					errs = append(errs, r.err)
				} else if won.conn == nil {
					won = r
				} else {
					r.conn.Close()
				}
			}
		}
	}
	if won.conn == nil {
		return nil, netip.AddrPort{}, d.unreachable(ctx, "connect", d.target(unite(t.list, begun)), errors.Join(errs...))
	}
	return won.conn, won.addr, nil
}

// A question is the look-up beside a race.
type question struct {
	due, late *time.Timer
	ask       func()
	answer    chan []netip.AddrPort
	open      bool // it is worth waiting for the answer where there is nothing else to wait for
}

func (d *dialer) question(ctx context.Context, t targets) *question {
	q := &question{due: time.NewTimer(t.after), late: time.NewTimer(time.Hour), answer: make(chan []netip.AddrPort, 1)}
	q.late.Stop()
	if t.ask == nil || t.after == 0 {
		q.due.Stop()
	}
	q.ask = func() {
		q.open = true
		q.late.Reset(d.timing.resolveCached)
		go func() {
			list, err := t.ask(ctx)
			if err != nil && ctx.Err() == nil {
				d.log.Debug("the name cannot be looked up", "error", err)
			}
			q.answer <- list
		}()
	}
	if t.ask != nil && t.after == 0 {
		q.ask()
	}
	return q
}

func (q *question) stop() {
	q.due.Stop()
	q.late.Stop()
}

// target names the first hop and, if that is a name, the addresses tried.
func (d *dialer) target(addrs []netip.AddrPort) string {
	if len(addrs) == 1 {
		return addrs[0].String()
	}
	host, port := d.firstHop()
	return fmt.Sprintf("%s (%d addresses)", net.JoinHostPort(host, fmt.Sprint(port)), len(addrs))
}

// unreachable is opError for the steps before there is a connection.
func (d *dialer) unreachable(ctx context.Context, op, addr string, err error) error {
	err = d.viaProxy(err)
	if ctx.Err() == nil || isTimeout(err) {
		err = fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return opError(ctx, op, addr, err)
}
