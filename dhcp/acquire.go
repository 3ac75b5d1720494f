// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/pace"
)

// Timing of an acquisition. RFC 2131 4.1 suggests 4, 8, 16 ... 64 s, for the networks of 1997. Inside a
// tunnel, a lost first packet should cost half a second; 0.5, 1, 2, 4, 8, 8 ... s stay far below the hub's
// limit of 32 broadcasts a second and still outlast the 13 s for which a hub with the CheckMac policy may
// ignore us.
const (
	firstWait = 500 * time.Millisecond
	longWait  = 8 * time.Second

	requestTries = 4 // for one OFFER; then the search starts over
	maxRefusals  = 3 // NAKs of what was offered before it is an error
	badOfferWait = 3 // transmissions after which nothing better than an absurd offer is waited for
	broadcastAt  = 2 // transmissions before the broadcast flag is set

	defaultPatience = 60 * time.Second // if the context has no deadline
)

// Acquire gets a lease: DISCOVER, OFFER, REQUEST, ACK. If want is an address, it is asked for, but any other
// will do. Acquire retransmits until ctx ends, for at most 60 s if ctx has no deadline.
//
// Errors: ErrNoAnswer when time is up, ErrNAK when servers keep refusing what they have offered, *LeaseError
// when only absurd leases are offered or one is confirmed, ErrPortClosed, or the cause of ctx's cancellation.
func (c *Client) Acquire(ctx context.Context, want netip.Addr) (*Lease, error) {
	if c.err != nil {
		return nil, c.err
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultPatience)
		defer cancel()
	}
	began := time.Now()
	lease, err := c.acquire(ctx, want)
	switch {
	case err == nil:
		c.log.Info("DHCP lease acquired", "lease", lease, "took", time.Since(began).Round(time.Millisecond))
		for _, r := range lease.Routes {
			c.log.Info("DHCP route accepted", "route", r)
		}
		return lease, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("dhcp: waited %v: %w", time.Since(began).Round(time.Second), ErrNoAnswer)
	}
	return nil, fmt.Errorf("dhcp: %w", err)
}

func (c *Client) acquire(ctx context.Context, want netip.Addr) (*Lease, error) {
	c.probe = probe{}
	var unwilling []netip.Addr // servers that did not give what they had offered
	for refusals := 0; ; {
		x := newExchange()
		offer, err := c.discover(ctx, x, want, unwilling)
		if err != nil {
			return nil, err
		}
		c.startProbe(offer.addr)
		lease, err := c.request(ctx, x, offer)
		if err == nil {
			c.probe.until = time.Now().Add(c.patient)
			err = c.settle(ctx, lease)
		}
		switch {
		case err == nil:
			if c.patient == 0 {
				c.probe = probe{addr: offer.addr, until: time.Now().Add(settleTime)} // Maintain hears the rest
			}
			return lease, nil
		case errors.Is(err, ErrConflict):
			if refusals++; refusals == maxRefusals {
				return nil, err
			}
			c.log.Warn("DHCP lease declined, searching again", "server", offer.server, "error", err)
			want = netip.Addr{}
			if err := pause(ctx, firstWait<<refusals); err != nil {
				return nil, err
			}
		case errors.Is(err, errSilence):
			c.log.Warn("DHCP server offered an address and then fell silent, searching again", "server", offer.server)
			unwilling = append(unwilling, offer.server)
		case errors.Is(err, ErrNAK):
			if refusals++; refusals == maxRefusals {
				return nil, err
			}
			c.log.Warn("DHCP server refused the address it had offered, searching again", "server", offer.server, "address", offer.addr)
			want, unwilling = netip.Addr{}, append(unwilling, offer.server)
			if err := pause(ctx, firstWait<<refusals); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

// discover sends DISCOVER until a good OFFER arrives. That of a server which has been unwilling is taken only if no other
// comes for a while: such a server may be the fastest of all, every time.
func (c *Client) discover(ctx context.Context, x exchange, want netip.Addr, unwilling []netip.Addr) (*reply, error) {
	var absurd error // the latest reason for refusing an offer
	var spare *reply // the first offer of an unwilling server
	accept := func(r *reply) bool {
		if r.kind != dhcpv4.MessageTypeOffer {
			return false
		}
		if _, _, err := judge(r, x.began, c.noDefault); err != nil {
			c.warnIgnored("DHCP offer not taken", "server", r.server, "error", err)
			absurd = err
			return false
		}
		if slices.Contains(unwilling, r.server) {
			spare = cmp.Or(spare, r)
			return false
		}
		return true
	}
	for attempt, wait := 1, firstWait; ; attempt, wait = attempt+1, pace.Double(wait, longWait) {
		c.send(c.broadcast(anyone, c.message(x, request{
			kind:      dhcpv4.MessageTypeDiscover,
			wanted:    want,
			broadcast: attempt > broadcastAt,
		})), "DISCOVER", attempt)
		r, err := c.await(ctx, pace.Jitter(wait), x.xid, accept)
		switch {
		case err == nil:
			c.log.Debug("DHCP offer taken", "server", r.server, "address", r.addr)
			return r, nil
		case errors.Is(err, errSilence) && spare != nil:
			return spare, nil
		case absurd != nil && (attempt >= badOfferWait || errors.Is(err, context.DeadlineExceeded)):
			return nil, absurd
		case !errors.Is(err, errSilence):
			return nil, err
		}
	}
}

// request asks for what offer contains, from the server that offered it.
func (c *Client) request(ctx context.Context, x exchange, offer *reply) (*Lease, error) {
	var lease *Lease
	var answer error
	sent := pace.Now()
	accept := func(r *reply) bool {
		c.another(r, offer)
		if r.server != offer.server {
			return false
		}
		switch r.kind {
		case dhcpv4.MessageTypeNak:
			answer = c.refusal(r)
			return true
		case dhcpv4.MessageTypeAck:
			if r.addr != offer.addr {
				c.warnIgnored("DHCP answer ignored: it confirms another address", "server", r.server, "offered", offer.addr, "confirmed", r.addr)
				return false
			}
			var mended *notes
			lease, mended, answer = judge(r, sent, c.noDefault)
			mended.log(c.log, r.server)
			return true
		}
		return false
	}
	wait := firstWait
	for attempt := 1; attempt <= requestTries; attempt++ {
		c.send(c.broadcast(anyone, c.message(x, request{
			kind:      dhcpv4.MessageTypeRequest,
			wanted:    offer.addr,
			server:    offer.server,
			broadcast: attempt > broadcastAt,
		})), "REQUEST", attempt)
		_, err := c.await(ctx, pace.Jitter(wait), x.xid, accept)
		if err == nil {
			return lease, answer
		}
		if !errors.Is(err, errSilence) {
			return nil, err
		}
		wait = pace.Double(wait, longWait)
	}
	return nil, errSilence
}

// refusal returns the error for a NAK, with the reason that the server may have given (option 56), made
// harmless.
func (c *Client) refusal(r *reply) error {
	if text := r.opts[dhcpv4.OptionMessage.Code()]; len(text) > 0 {
		return fmt.Errorf("server %v: %w, saying %.100q", r.server, ErrNAK, text)
	}
	return fmt.Errorf("server %v: %w", r.server, ErrNAK)
}

// pause waits for d or for the end of ctx. Answers that arrive meanwhile belong to the exchange that is over
// and may fill the port's queue.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
