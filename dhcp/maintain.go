// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/pace"
	"network-manager-softether/dhcp/internal/packet"
)

// Intervals of renewal. RFC 2131 4.4.5: wait half of the remaining time, at least 60 s. That minimum would
// leave short leases a single try, so it shrinks with them.
const (
	renewPause    = 60 * time.Second
	renewPauseMin = time.Second
	renewParts    = 4 // of a phase that the minimum pause may not exceed
)

// Maintain keeps l alive until ctx ends: it renews with the server that gave the lease from T1 on, with any
// server from T2 on, and calls changed, from its own goroutine, with every renewed lease, even if only the
// times are new.
//
// Servers answer a renewal by unicast to the leased address, and before they do they may resolve it by ARP
// (dnsmasq does): the address must be set on the TAP, where the kernel answers. Otherwise every renewal
// fails.
//
// For a moment after Acquire, Maintain still listens for another host with the address.
//
// It returns ErrConflict if there is one, ErrNAK if the server takes the address back, and ErrExpired if the
// lease has ended, even if that happened while the machine slept; in all three cases the address may no
// longer be used, and Acquire is next. Otherwise it returns ErrPortClosed or the cause of ctx's cancellation.
func (c *Client) Maintain(ctx context.Context, l *Lease, changed func(*Lease)) error {
	if c.err != nil {
		return c.err
	}
	if err := c.settle(ctx, l); err != nil {
		return fmt.Errorf("dhcp: %w", err)
	}
	for {
		next, err := c.renewed(ctx, l)
		if err != nil {
			return fmt.Errorf("dhcp: %w", err)
		}
		c.byAnother(l, next)
		switch {
		case !next.Equal(l):
			c.log.Info("DHCP lease renewed and changed", "before", l, "lease", next)
		default:
			c.log.Debug("DHCP lease renewed, nothing new", "lease", next)
		}
		l = next
		changed(l)
	}
}

// renewed waits until l is due for renewal and returns its successor.
func (c *Client) renewed(ctx context.Context, l *Lease) (*Lease, error) {
	if err := c.idle(ctx, l); err != nil {
		return nil, err
	}
	x := newExchange()
	for attempt := 1; ; attempt++ {
		now := pace.Now()
		left := l.left(l.Duration, now)
		if left <= 0 {
			return nil, fmt.Errorf("%v: %w", l.Addr, ErrExpired)
		}
		sent := pace.Now()
		phase, end := l.T2-l.T1, l.left(l.T2, now)
		rebinding := end <= 0
		if rebinding {
			phase, end = l.Duration-l.T2, left
		}
		c.ask(x, l, rebinding, attempt)
		next, err := c.answer(ctx, x, l, rebinding, retryAfter(phase, end), sent)
		if !errors.Is(err, errSilence) {
			return next, err
		}
		if attempt == 1 {
			c.unanswered(l, rebinding)
		}
		if rebinding != (l.left(l.T2, pace.Now()) <= 0) {
			x, attempt = newExchange(), 0 // a late answer to the old exchange does not belong to this phase
		}
	}
}

// unanswered logs the first silence in each phase, before the lease is over.
func (c *Client) unanswered(l *Lease, rebinding bool) {
	left := readable(l.left(l.Duration, pace.Now()))
	if rebinding {
		c.log.Warn("no DHCP server renews the lease", "address", l.Addr, "ends-in", left)
		return
	}
	c.log.Info("DHCP server does not renew the lease yet, asking again", "address", l.Addr, "server", l.Server, "ends-in", left)
}

// retryAfter returns how long to wait for an answer in a phase of that length with end left of it.
func retryAfter(phase, end time.Duration) time.Duration {
	floor := max(renewPauseMin, min(renewPause, phase/renewParts))
	return min(end, pace.Jitter(max(end/2, floor)))
}

// left returns the time from now until d after the lease began.
func (l *Lease) left(d time.Duration, now time.Time) time.Duration {
	if d == Infinite {
		return Infinite
	}
	return pace.Left(l.Acquired.Add(d), now)
}

// idle waits for T1, discarding what arrives.
func (c *Client) idle(ctx context.Context, l *Lease) error {
	for {
		left := l.left(l.T1, pace.Now())
		if left <= 0 {
			return nil
		}
		nobody := func(*reply) bool { return false }
		// Waking up now and then notices time that has passed in sleep.
		if _, err := c.await(ctx, min(left, pace.Poll), dhcpv4.TransactionID{}, nobody); !errors.Is(err, errSilence) {
			return err
		}
	}
}

// ask sends a REQUEST that names no server and has the address in use as its source (RFC 2131 4.3.2, RENEWING
// and REBINDING).
func (c *Client) ask(x exchange, l *Lease, rebinding bool, attempt int) {
	addr := l.Addr.Addr()
	m := c.message(x, request{kind: dhcpv4.MessageTypeRequest, ciaddr: addr})
	if rebinding {
		c.send(c.broadcast(addr, m), "REQUEST (rebind)", attempt)
		return
	}
	// No ARP: the MAC is the one that the ACK came from, the server's own or that of a relay, which also
	// routes to it.
	c.send(c.frame(addr, l.Server, packet.MAC(l.ServerMAC), m), "REQUEST (renew)", attempt)
}

// answer waits d for the answer to ask, which was sent at sent.
func (c *Client) answer(ctx context.Context, x exchange, l *Lease, rebinding bool, d time.Duration, sent time.Time) (*Lease, error) {
	var next *Lease
	var nak error
	accept := func(r *reply) bool {
		if !rebinding && r.server != l.Server {
			return false
		}
		switch r.kind {
		case dhcpv4.MessageTypeNak:
			nak = c.refusal(r)
			return true
		case dhcpv4.MessageTypeAck:
			next = c.successor(r, l, sent)
			return next != nil
		}
		return false
	}
	for end := sent.Add(d); ; {
		_, err := c.await(ctx, min(max(pace.Left(end, pace.Now()), 0), pace.Poll), x.xid, accept)
		switch {
		case err == nil:
			return next, nak
		case !errors.Is(err, errSilence) || pace.Left(end, pace.Now()) <= 0:
			return nil, err
		}
	}
}

// successor returns the lease that r turns l into; nil if it may not replace it.
func (c *Client) successor(r *reply, l *Lease, sent time.Time) *Lease {
	next, mended, err := judge(r, sent, c.noDefault)
	if err == nil && next.Addr.Addr() != l.Addr.Addr() {
		err = &LeaseError{Server: r.server, Value: netip.Addr.String(r.addr), Problem: "not the address that was to be renewed"}
	}
	if err != nil {
		c.warnIgnored("DHCP renewal ignored, the old lease stays", "server", r.server, "error", err)
		return nil
	}
	if !next.Equal(l) {
		mended.log(c.log, r.server)
	}
	return next
}
