// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Dialer reaches a server in whatever way works, as the official client does: all ways are tried in
// parallel, and TCP is preferred. It can be used in place of a [net.Dialer]. It must not be changed while it
// is in use.
type Dialer struct {
	// Ways are the ways to try; none means all. With UDP, the rendezvous servers of the SoftEther project
	// learn who connects to whom.
	Ways []Way
	// TCP opens TCP connections; nil means a [net.Dialer].
	TCP interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}
	Traversal Traversal
	// Control prepares every socket except TCP's, as in [net.Dialer]. It may be nil.
	Control func(network, address string, c syscall.RawConn) error
	// Logger is told which way was taken. nil discards.
	Logger *slog.Logger

	raw  rawSockets
	dial func(ctx context.Context, w Way, server netip.AddrPort) (net.Conn, error) // nil: the network
}

// Prepare opens what needs CAP_NET_RAW. After it, DialContext works without that capability.
func (d *Dialer) Prepare() error {
	if !d.uses(ICMP, netip.IPv4Unspecified()) {
		return nil
	}
	return d.raw.open()
}

// Close closes what Prepare has opened. Connections live on.
func (d *Dialer) Close() error { return d.raw.close() }

// DialContext connects to address, an IP address and a port. The network is "tcp"; any other is left to TCP's
// dialer, as it is for what accompanies a direct session. IPv6 addresses can only be reached by TCP. All
// attempts have ended when it returns; connections that are not needed are closed in the background.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" {
		return d.direct(ctx, network, address)
	}
	server, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, &net.AddrError{Err: "not an address and a port", Addr: address}
	}
	server = netip.AddrPortFrom(server.Addr().Unmap(), server.Port())
	log := d.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	conn, way, err := d.race(ctx, server)
	if err != nil {
		return nil, err
	}
	log.Info("reached the server", "way", way, "server", server, "peer", conn.RemoteAddr())
	return conn, nil
}

// uses reports whether a way is worth trying.
func (d *Dialer) uses(w Way, server netip.Addr) bool {
	if w != TCP && !server.Is4() {
		return false
	}
	if len(d.Ways) == 0 {
		// No rendezvous server knows this computer itself.
		return w != UDP || !server.IsLoopback()
	}
	return slices.Contains(d.Ways, w)
}

type result struct {
	way  Way
	conn net.Conn
	err  error
}

// race tries all the ways and chooses one.
func (d *Dialer) race(ctx context.Context, server netip.AddrPort) (net.Conn, Way, error) {
	attempts, cancel := context.WithCancel(ctx)
	results := make(chan result, ways) // room for all, so that no attempt blocks
	var running sync.WaitGroup
	began := time.Now()
	var race [ways]progress
	var conns [ways]net.Conn
	var errs [ways]error
	for w := range ways {
		if !d.uses(w, server.Addr()) {
			race[w].state = failed
			continue
		}
		running.Go(func() {
			if err := sleep(attempts, begins[w]); err != nil {
				results <- result{w, nil, err}
				return
			}
			conn, err := d.try(attempts, w, server)
			results <- result{w, conn, err}
		})
	}

	way, over := ways, false
	for !over && ctx.Err() == nil {
		var until time.Duration
		if way, over, until = choose(time.Since(began), &race); over {
			break
		}
		timer := time.NewTimer(until - time.Since(began))
		select {
		case r := <-results:
			p := progress{succeeded, time.Since(began)}
			if r.err != nil {
				p.state = failed
			}
			race[r.way], conns[r.way], errs[r.way] = p, r.conn, r.err
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	cancel()
	running.Wait()
	close(results)
	for r := range results {
		conns[r.way], errs[r.way] = r.conn, r.err
	}
	for w, c := range conns {
		if c != nil && (Way(w) != way || ctx.Err() != nil) {
			go c.Close()
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ways, failure(server, errs, ctx.Err())
	case way == ways:
		return nil, ways, failure(server, errs, nil)
	}
	return conns[way], way, nil
}

func (d *Dialer) try(ctx context.Context, w Way, server netip.AddrPort) (net.Conn, error) {
	if d.dial != nil {
		return d.dial(ctx, w, server)
	}
	switch w {
	case UDP:
		t := d.Traversal
		t.Control = d.Control
		return t.Dial(ctx, server.Addr())
	case DNS:
		return dialDNS(ctx, d.Control, netip.AddrPortFrom(server.Addr(), dnsPort))
	case ICMP:
		return d.raw.dial(ctx, d.Control, server.Addr())
	}
	return d.direct(ctx, "tcp", server.String())
}

func (d *Dialer) direct(ctx context.Context, network, address string) (net.Conn, error) {
	if d.TCP != nil {
		return d.TCP.DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// failure returns why each way failed; end is why the race was called off, if it was.
func failure(server netip.AddrPort, errs [ways]error, end error) error {
	var list []error
	for w, err := range errs {
		if errors.Is(err, context.Canceled) && end == nil {
			err = ErrNoAnswer // it was this side that ran out of patience
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			list = append(list, fmt.Errorf("%v: %w", Way(w), err))
		}
	}
	if end != nil {
		list = append(list, end)
	}
	if len(list) == 0 {
		return fmt.Errorf("%w: %v", ErrNotIPv4, server.Addr())
	}
	return errors.Join(list...)
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
