// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/service/nmvpn"
)

// leaseGrace is how long a connection without IPv6 lives on after its lease has ended, as with NetworkManager
// on a cable.
const leaseGrace = 8 * time.Minute

// keepIPv6 looks for routers until ctx ends and passes every configuration to found; none is told that there
// is none yet. A router may appear long after the session has started: Maintain goes on listening.
func keepIPv6(ctx context.Context, client *autoconf.Client, found func(*autoconf.Config6), none func(error)) {
	cfg, err := client.Acquire(ctx)
	if err == nil {
		found(cfg)
	} else if ctx.Err() == nil {
		none(err)
	}
	if err := client.Maintain(ctx, cfg, found); ctx.Err() == nil {
		none(err) // nobody watches the lifetimes of what a router said any more
	}
}

// watchSession tells the loop when the session ends.
func (c *connection) watchSession(s session) {
	era := c.attempts.era
	go func() {
		<-s.Done()
		c.post(func() {
			if era == c.attempts.era {
				c.sessionLost(s.Err())
			}
		})
	}()
}

// leaseFound receives a lease, even one that only lives longer than the last. It may come before the attempt
// has ended, and is then announced with the rest.
func (c *connection) leaseFound(era int, l *dhcp.Lease) {
	if era != c.attempts.era {
		return
	}
	late := c.inner.lease == nil && c.phase == up
	same := l.Equal(c.inner.lease)
	c.inner.lease = l
	stopTimer(&c.inner.leaseEnd) // also the one that runs while there is none
	c.countLease()
	if c.phase != up || same {
		return
	}
	if late {
		c.notice("IPv4 joins the connection", "address", l.Addr.String())
	}
	c.announce()
}

// leaseFailed is told that there is no lease, or no longer one. The keeper goes on searching.
func (c *connection) leaseFailed(era int, err error) {
	switch {
	case era != c.attempts.era:
		return
	case c.phase != up && c.phase != reconnecting: // the attempt decides what that means
		c.log.Info("no IPv4 address yet", "error", err)
		return
	}
	if c.inner.lease == nil && c.inner.announced.ip4 == nil {
		c.log.Warn("no IPv4 address, going on with what there is", "error", err)
		return
	}
	c.leaseGone(err)
}

// leaseGone removes the address of a lease that has ended, its routes and DNS at once (RFC 2131 4.4.5). The
// connection lives on while there is IPv6, or long enough for a server to come back.
func (c *connection) leaseGone(err error) {
	if c.inner.lease == nil {
		return // already reported
	}
	c.inner.lease = nil
	stopTimer(&c.inner.leaseEnd)
	if c.phase != up && c.phase != reconnecting {
		return
	}
	c.log.Warn("no IPv4 address any more: address, routes and DNS are taken away until a DHCP server answers", "error", err)
	c.announce()
	c.inner.leaseEnd = c.after(leaseGrace, func() {
		if c.inner.lease != nil {
			return
		}
		if c.inner.config6 != nil && c.inner.config6.Addr.IsValid() && !c.profile.IPv4.MustSucceed {
			return
		}
		err := fmt.Errorf("no DHCP server has answered for %v: %w", leaseGrace, err)
		if c.profile.Persistent { // nobody else would try again: see CanPersist
			if c.phase == up {
				c.sessionLost(err)
			}
			return
		}
		c.fail(nmvpn.FailureBadIPConfig, err)
	})
}

// config6Found receives what routers said. It may come before the attempt has ended, and is then announced
// with the rest.
func (c *connection) config6Found(era int, cfg *autoconf.Config6) {
	if era != c.attempts.era {
		return
	}
	if !cfg.Addr.IsValid() && c.inner.config6 != nil && c.inner.config6.Addr.IsValid() {
		c.log.Warn("the IPv6 address has expired: address, routes and DNS are taken away until a router gives another", "address", c.inner.config6.Addr.String())
	}
	c.inner.config6 = cfg
	if c.phase == up {
		c.announce()
	}
}

// config6Missing is told that no router answers. What one said in an earlier session no longer counts: nobody
// watches its lifetimes any more.
func (c *connection) config6Missing(era int) {
	if era == c.attempts.era && c.phase == up && c.inner.config6 != nil {
		c.config6Found(era, &autoconf.Config6{})
	}
}
