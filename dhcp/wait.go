// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// errSilence: nothing acceptable arrived in time.
var errSilence = errors.New("no answer")

// await returns the first answer to exchange xid that accept accepts, errSilence after d, or the context's
// error. Other frames are discarded.
func (c *Client) await(ctx context.Context, d time.Duration, xid dhcpv4.TransactionID, accept func(*reply) bool) (*reply, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-timer.C:
			return nil, errSilence
		case frame, open := <-c.port.Frames():
			if !open {
				return nil, ErrPortClosed
			}
			if c.hear(frame) && !c.probe.until.IsZero() {
				return nil, errRival
			}
			r, ok := parseReply(frame, c.mac, c.id)
			if !ok || r.xid != xid || c.rejects(r.server) {
				continue
			}
			if accept(r) {
				return r, nil
			}
		}
	}
}

// send sends frame. A failure is logged and otherwise treated like a lost packet: the session below may be
// about to come back.
func (c *Client) send(frame []byte, what string, attempt int) {
	if err := c.port.Send(frame); err != nil {
		c.log.Debug("DHCP message not sent", "message", what, "attempt", attempt, "error", err)
		return
	}
	c.log.Debug("DHCP message sent", "message", what, "attempt", attempt)
}

// rejects reports whether the profile rejects that server.
func (c *Client) rejects(server netip.Addr) bool {
	return slices.ContainsFunc(c.reject, func(p netip.Prefix) bool { return p.Contains(server) })
}
