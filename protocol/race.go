// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// race opens a TCP connection to the first of addrs that answers. Attempts begin one after the other: the
// next one when stagger has passed or the one before it has failed (RFC 8305 5). All attempts have ended when
// race returns. The race in package rudp is a different one: its ways differ in worth and begin at fixed
// times, and the first to answer need not win.
func (d *dialer) race(ctx context.Context, addrs []netip.AddrPort) (net.Conn, netip.AddrPort, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type result struct {
		conn net.Conn
		addr netip.AddrPort
		err  error
	}
	results := make(chan result)
	begin := func(addr netip.AddrPort) {
		ctx, cancel := context.WithTimeout(ctx, d.timing.connect)
		defer cancel()
		conn, err := d.Dialer.DialContext(ctx, "tcp", addr.String())
		results <- result{conn, addr, err}
	}

	next := time.NewTimer(0)
	defer next.Stop()
	var (
		won     result
		errs    []error
		waiting = addrs
		running int
	)
	for running > 0 || len(waiting) > 0 && won.conn == nil {
		select {
		case <-next.C:
			if len(waiting) > 0 && won.conn == nil && ctx.Err() == nil {
				go begin(waiting[0])
				waiting = waiting[1:]
				running++
				next.Reset(d.timing.stagger)
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
			waiting = nil
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
		return nil, netip.AddrPort{}, d.unreachable(ctx, "connect", d.target(addrs), errors.Join(errs...))
	}
	return won.conn, won.addr, nil
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
