// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/service/nmvpn"
)

// leaseRetry is how long a lease that was lost in the middle of a session is asked for
// again before the connection is given up.
const leaseRetry = 60 * time.Second

// acquire gets a lease through a session with server. One of the server's own address is
// refused: with it on the TAP, the kernel would keep the tunnel's packets to itself.
func acquire(ctx context.Context, client *dhcp.Client, want, server netip.Addr) (*dhcp.Lease, error) {
	l, err := client.Acquire(ctx, want)
	if err == nil && l.Addr.Addr() == server {
		return nil, &dhcp.LeaseError{Server: l.Server, Value: server.String(), Problem: "the address of the VPN server, which could then not be reached"}
	}
	return l, err
}

// keepLease renews l until ctx ends, and gets a new lease where the server takes it
// back. changed is told every lease after l, lost is told once, at the end, if there
// is none any more.
func keepLease(ctx context.Context, client *dhcp.Client, l *dhcp.Lease, server netip.Addr, changed func(*dhcp.Lease), lost func(error)) {
	for {
		err := client.Maintain(ctx, l, func(renewed *dhcp.Lease) {
			l = renewed
			changed(renewed)
		})
		if ctx.Err() != nil {
			return
		}
		again, cancel := context.WithTimeout(ctx, leaseRetry)
		next, acquireErr := acquire(again, client, l.Addr.Addr(), server)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if acquireErr != nil {
			lost(errors.Join(err, acquireErr))
			return
		}
		l = next
		changed(next)
	}
}

// keepIPv6 looks for routers until ctx ends and tells found every configuration. A router
// may come up long after the session: Maintain goes on listening where there is none yet.
func keepIPv6(ctx context.Context, client *autoconf.Client, found func(*autoconf.Config6)) {
	cfg, err := client.Acquire(ctx)
	if err == nil {
		found(cfg)
	}
	client.Maintain(ctx, cfg, found)
}

// startKeeping starts what lives with the session of o.
func (c *connection) startKeeping(o *outcome) {
	era := c.era
	if o.lease != nil {
		go keepLease(o.keep, o.dhcp, o.lease, serverOf(o.session),
			func(l *dhcp.Lease) { c.post(func() { c.leaseChanged(era, l) }) },
			func(err error) { c.post(func() { c.leaseLost(era, err) }) })
	}
	s := o.session
	go func() {
		<-s.Done()
		c.post(func() {
			if era == c.era {
				c.sessionLost(s.Err())
			}
		})
	}()
}

func (c *connection) leaseChanged(era int, l *dhcp.Lease) {
	if era != c.era {
		return
	}
	same := l.Equal(c.lease)
	c.lease = l
	c.log.Info("lease renewed", "address", l.Addr.String(), "server", l.Server.String(), "for", l.Duration, "changed", !same)
	if !same {
		c.announce()
	}
}

func (c *connection) leaseLost(era int, err error) {
	if era != c.era {
		return
	}
	if c.profile.Persistent { // nobody else would try again: see CanPersist
		c.sessionLost(err)
		return
	}
	c.fail(nmvpn.FailureBadIPConfig, err)
}

// config6Found takes what a router said. It can come before the attempt has ended, and
// is then announced with the rest.
func (c *connection) config6Found(era int, cfg *autoconf.Config6) {
	if era != c.era {
		return
	}
	c.config6 = cfg
	if c.phase == up {
		c.announce()
	}
}
