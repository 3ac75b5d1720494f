// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"fmt"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/pace"
)

// rebootTries is how often Reboot asks: after 0.5 and 1 s of silence it is time to search.
const rebootTries = 2

// Reboot asks whether l may still be used on a network to which this host returns (INIT-REBOOT, RFC 2131
// 3.2): one message and one answer where a search takes two of each. It returns the confirmed lease, ErrNAK
// if the server refuses, or ErrNoAnswer after a moment of silence, in which case a lease that has not expired
// may still be used while Acquire is tried.
func (c *Client) Reboot(ctx context.Context, l *Lease) (*Lease, error) {
	if c.err != nil {
		return nil, c.err
	}
	next, err := c.reboot(ctx, l)
	if errors.Is(err, errSilence) {
		err = ErrNoAnswer
	}
	if err != nil {
		return nil, fmt.Errorf("dhcp: confirm %v: %w", l.Addr.Addr(), err)
	}
	c.log.Info("DHCP lease confirmed", "lease", next)
	return next, nil
}

func (c *Client) reboot(ctx context.Context, l *Lease) (*Lease, error) {
	c.probe = probe{}
	x := newExchange()
	var next *Lease
	var nak, strange error
	for attempt, wait := 1, firstWait; attempt <= rebootTries; attempt, wait = attempt+1, pace.Double(wait, longWait) {
		sent := pace.Now()
		accept := func(r *reply) bool {
			switch {
			case r.kind == dhcpv4.MessageTypeAck:
				next = c.successor(r, l, sent)
				return next != nil
			case r.kind != dhcpv4.MessageTypeNak:
			case r.server == l.Server:
				nak = c.refusal(r)
				return true
			default:
				strange = c.refusal(r) // of a server that may know nothing of the lease; the right one may yet answer
			}
			return false
		}
		c.send(c.broadcast(anyone, c.message(x, request{
			kind:      dhcpv4.MessageTypeRequest,
			wanted:    l.Addr.Addr(),
			broadcast: attempt > 1,
		})), "REQUEST (reboot)", attempt)
		_, err := c.await(ctx, pace.Jitter(wait), x.xid, accept)
		switch {
		case err == nil:
			return next, nak
		case !errors.Is(err, errSilence):
			return nil, err
		case strange != nil:
			return nil, strange
		}
	}
	return nil, errSilence
}
