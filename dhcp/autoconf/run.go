// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/internal/pace"
	"network-manager-softether/dhcp/internal/packet"
)

// How long Acquire waits.
const (
	// routerWait: three solicitations and the time for an answer to the last one.
	routerWait = solicitTries * solicitEvery
	// dhcpOnly: from a router's answer to a DHCPv6 address, if the router gives no prefix.
	dhcpOnly = 10 * time.Second
	// dhcpToo: the same if there is already an address and only another one or DNS is still missing. Maintain
	// reports what arrives later.
	dhcpToo = 1500 * time.Millisecond
)

// changePause is the least time between two reports of changes, so that a router that advertises something
// else every time does not keep the host busy: each report may cause its whole network configuration to be
// redone. The pause doubles for a router that goes on like that, up to changePauseMax.
const (
	changePause    = time.Second
	changePauseMax = time.Minute
)

// Acquire solicits routers and returns the configuration as soon as there is an address and DHCPv6, if it is
// asked for, has answered or had its time. It forgets what an earlier call has learned.
//
// Errors: ErrNoRouter after 12 s or at ctx's deadline, ErrNoAddress if a router answered without being of
// use, dhcp.ErrPortClosed, or the cause of ctx's cancellation. Maintain may be called after an error, too.
func (c *Client) Acquire(ctx context.Context) (*Config6, error) {
	if c.err != nil {
		return nil, c.err
	}
	c.forget()
	began := pace.Now()
	c.solicit.restart(began)
	for {
		now := pace.Now()
		c.tick(now)
		cfg := c.config(now)
		patience := c.patience(cfg, began, now)
		if patience <= 0 {
			return c.acquired(cfg, now.Sub(began))
		}
		err := c.step(ctx, min(patience, c.next(now)))
		if errors.Is(err, context.DeadlineExceeded) {
			return c.acquired(c.config(pace.Now()), pace.Now().Sub(began))
		}
		if err != nil {
			return nil, fmt.Errorf("autoconf: %w", err)
		}
	}
}

// patience returns how much longer Acquire should wait, given cfg.
func (c *Client) patience(cfg *Config6, began, now time.Time) time.Duration {
	switch {
	case c.host.heard.IsZero():
		return pace.Left(began.Add(routerWait), now)
	case cfg.Addr.IsValid() && !c.dhcp.pending():
		return 0
	case cfg.Addr.IsValid():
		return pace.Left(c.host.heard.Add(dhcpToo), now)
	case c.dhcp.pending():
		return pace.Left(c.host.heard.Add(dhcpOnly), now)
	}
	// Another router may give what this one does not.
	return pace.Left(began.Add(routerWait), now)
}

func (c *Client) acquired(cfg *Config6, took time.Duration) (*Config6, error) {
	switch {
	case cfg.Addr.IsValid():
		c.log.Info("IPv6 configuration acquired", "configuration", cfg, "took", took.Round(time.Millisecond))
		for _, r := range cfg.Routes {
			c.log.Info("IPv6 route accepted", "route", r)
		}
		return cfg, nil
	case c.host.heard.IsZero():
		if c.maker != nil {
			c.maker.Make(nil) // what an earlier session has heard no longer counts
		}
		return nil, fmt.Errorf("autoconf: waited %v: %w", took.Round(time.Second), ErrNoRouter)
	}
	return nil, fmt.Errorf("autoconf: waited %v: %w", took.Round(time.Second), ErrNoAddress)
}

// Maintain follows routers and DHCPv6 until ctx ends. It calls changed, from its own goroutine and at most
// once a second, less often while changes go on, when the configuration differs from cur and afterwards from
// the one last reported. A configuration without an address means that IPv6 is gone for now. cur may be nil,
// after a failed Acquire or without one: the first address is a change then.
//
// It returns dhcp.ErrPortClosed or the cause of ctx's cancellation.
func (c *Client) Maintain(ctx context.Context, cur *Config6, changed func(*Config6)) error {
	if c.err != nil {
		return c.err
	}
	if cur == nil {
		cur = &Config6{}
	}
	var quiet time.Time // the next report may not come before
	pause := changePause
	for {
		now := pace.Now()
		c.tick(now)
		cfg := c.config(now)
		wait := min(c.next(now), pace.Poll)
		if !cfg.Equal(cur) && (cfg.Addr.IsValid() || cur.Addr.IsValid()) {
			if rest := quiet.Sub(now); rest > 0 {
				wait = min(wait, rest)
			} else {
				c.log.Info("IPv6 configuration changed", "before", cur, "configuration", cfg)
				if pause = pace.Double(pause, changePauseMax); now.Sub(quiet) > pause {
					pause = changePause // there have been no changes for a while
				}
				cur, quiet = cfg, now.Add(pause)
				changed(cfg)
				continue
			}
		}
		if err := c.step(ctx, wait); err != nil {
			return fmt.Errorf("autoconf: %w", err)
		}
	}
}

// step processes one frame, or waits for d.
func (c *Client) step(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	case <-c.remade():
	case frame, open := <-c.port.Frames():
		if !open {
			return dhcp.ErrPortClosed
		}
		c.receive(frame, pace.Now())
	}
	return nil
}

func (c *Client) receive(frame []byte, now time.Time) {
	if a, ok := parseAdvert(frame); ok {
		c.host.expire(now)
		if !c.host.admit(a.router, packet.MAC(frame[6:12]), now) {
			return
		}
		c.host.learn(a, now)
		c.dhcp.want(a.managed, a.other, now)
	} else if r, ok := c.dhcp.id.parseReply6(frame); ok {
		c.dhcp.answer(r, now)
	}
}

// tick expires what is old and sends what is due.
func (c *Client) tick(now time.Time) {
	c.host.expire(now)
	c.make(now)
	if c.maker != nil {
		c.dhcp.decline(c.maker.Taken, now)
	}
	if c.searching() {
		c.transmit(c.solicit.tick(c.mac, now))
	} else {
		c.solicit.restart(now)
	}
	c.transmit(c.dhcp.tick(now))
}

// next returns the time until tick is needed.
func (c *Client) next(now time.Time) time.Duration {
	d := min(c.host.next(now), c.dhcp.next(now))
	if c.searching() {
		d = min(d, c.solicit.next(now))
	}
	return max(d, 0)
}

// searching reports whether routers must be solicited: none has been heard yet, or everything they gave has
// expired.
func (c *Client) searching() bool {
	return c.host.heard.IsZero() || len(c.host.routers.rows) == 0 && len(c.host.addrs.rows) == 0 && len(c.dhcp.leased.rows) == 0
}

func (c *Client) transmit(frame []byte) {
	if frame == nil {
		return
	}
	if err := c.port.Send(frame); err != nil {
		c.log.Debug("IPv6 configuration message not sent", "error", err)
	}
}
