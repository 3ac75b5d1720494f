// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"network-manager-softether/dhcp"
)

// Times of the search for a lease. A round of it makes some noise, as dhcp.Client.Acquire asks at least every
// 8 s; a network without a DHCP server must not be flooded with that.
const (
	leaseTimeout   = 20 * time.Second // of a round, unless the profile sets that of the first
	nakPatience    = time.Second      // for another address before the refused one is given up
	confirmTimeout = 3 * time.Second  // of the search before an old lease is used unconfirmed
	firstRest      = 30 * time.Second // between two rounds, doubled each time
	longRest       = 5 * time.Minute
	unsureRest     = time.Minute // the longest while an unconfirmed lease is in use
)

// A keeper4 holds a lease for as long as a session lives, or looks for one.
type keeper4 struct {
	client  *dhcp.Client
	log     *slog.Logger
	server  netip.Addr // the VPN server's address
	heldBy  func(netip.Addr) string
	forced  bool // the hub lets nothing through without DHCP (policy DHCPForce)
	timeout time.Duration

	found func(*dhcp.Lease) // told every lease
	// failed is told that there is no lease, and why: once per search, which goes on, and as soon as a lease
	// may no longer be used.
	failed func(error)
}

// run obtains and keeps leases until ctx ends. last is one from an earlier session, or nil.
func (k *keeper4) run(ctx context.Context, last *dhcp.Lease) {
	patience := k.timeout
	var l *dhcp.Lease
	if last != nil && last.Left() > 0 {
		l, patience = k.confirm(ctx, last)
	}
	for ctx.Err() == nil {
		if l == nil {
			l = k.search(ctx, want(last), patience)
			continue
		}
		k.found(l)
		err := k.client.Maintain(ctx, l, func(renewed *dhcp.Lease) {
			l = renewed
			k.found(renewed)
		})
		if ctx.Err() != nil {
			return
		}
		last, l = l, nil
		if errors.Is(err, dhcp.ErrConflict) {
			last = nil // another address
		}
		patience = k.dead(err)
	}
}

// want returns the address to ask for after l.
func want(l *dhcp.Lease) netip.Addr {
	if l == nil {
		return netip.Addr{}
	}
	return l.Addr.Addr()
}

// dead reports that a lease is over, and returns how long to look for another before its address is given up.
// After a refusal there is usually another at once; when a lease has expired, nobody has answered for long,
// and the address must no longer be used (RFC 2131 4.4.5).
func (k *keeper4) dead(err error) time.Duration {
	switch {
	case errors.Is(err, dhcp.ErrNAK):
		k.log.Warn("the DHCP server takes the address back, looking for another", "error", err)
		return nakPatience
	case errors.Is(err, dhcp.ErrConflict):
		k.log.Warn("the DHCP server leased an address that is in use, it is given back", "error", err)
		return nakPatience
	case errors.Is(err, dhcp.ErrExpired):
		k.log.Warn("the DHCP lease has expired", "error", err)
	default:
		k.log.Warn("the DHCP lease cannot be kept", "error", err)
	}
	k.failed(err)
	return leaseTimeout
}

// confirm asks whether the lease of an earlier session is still good. If nobody answers, the lease is used
// until it ends (RFC 2131 3.2), and the question repeated. If there is no lease any more, confirm returns
// nil, and how long to search patiently.
func (k *keeper4) confirm(ctx context.Context, last *dhcp.Lease) (*dhcp.Lease, time.Duration) {
	l, err := k.client.Reboot(ctx, last)
	switch {
	case err == nil && l.Addr.Addr() != k.server:
		return l, 0
	case ctx.Err() != nil:
		return nil, 0
	case errors.Is(err, dhcp.ErrNAK):
		return nil, k.dead(err)
	}
	for round, rest := confirmTimeout, firstRest/4; ; round, rest = leaseTimeout, min(2*rest, unsureRest) {
		bounded, cancel := context.WithTimeout(ctx, min(round, last.Left()))
		l, err := k.acquire(bounded, want(last))
		cancel()
		switch {
		case err == nil:
			return l, 0
		case ctx.Err() != nil:
			return nil, 0
		case last.Left() <= 0:
			return nil, k.dead(fmt.Errorf("%v: %w", last.Addr, dhcp.ErrExpired))
		}
		if round == confirmTimeout {
			k.unsure(last, err)
		}
		rested(ctx, min(rest, last.Left()))
	}
}

// unsure uses an unconfirmed lease.
func (k *keeper4) unsure(l *dhcp.Lease, err error) {
	attrs := []any{"address", l.Addr.String(), "ends in", l.Left().Round(time.Second), "error", err}
	if k.forced {
		k.log.Warn("the address is not confirmed, and this hub lets nothing through before a DHCP server has done that (policy DHCPForce)", attrs...)
	} else {
		k.log.Warn("no DHCP server confirms the address, using it until its lease ends", attrs...)
	}
	k.found(l)
}

// search looks for a lease until ctx ends. When patience runs out, failed is called, and the search goes on.
func (k *keeper4) search(ctx context.Context, want netip.Addr, patience time.Duration) *dhcp.Lease {
	said := false
	for rest := firstRest; ; rest = min(2*rest, longRest) {
		round := leaseTimeout
		if !said {
			round = patience
		}
		bounded, cancel := context.WithTimeout(ctx, round)
		l, err := k.acquire(bounded, want)
		cancel()
		if err == nil {
			return l
		}
		if ctx.Err() != nil {
			return nil
		}
		if !said {
			k.failed(fmt.Errorf("get an address through the tunnel: %w", err))
			said = true
			if patience < leaseTimeout {
				continue
			}
		}
		rested(ctx, rest)
	}
}

// acquire gets a lease. A lease of the VPN server's own address is refused: with that on the TAP, the kernel
// would keep the tunnel's packets to itself. So is one of an address that this computer has elsewhere, as
// answers could arrive by either interface.
func (k *keeper4) acquire(ctx context.Context, want netip.Addr) (*dhcp.Lease, error) {
	l, err := k.client.Acquire(ctx, want)
	if err == nil && l.Addr.Addr() == k.server {
		return nil, &dhcp.LeaseError{Server: l.Server, Value: k.server.String(), Problem: "the address of the VPN server, which could then not be reached"}
	}
	if err == nil {
		if device := k.heldBy(l.Addr.Addr()); device != "" {
			return nil, &dhcp.LeaseError{
				Server: l.Server, Value: l.Addr.String(),
				Problem: "an address that this computer already has on " + device + ": another network is needed on either side, or ipv4.method=manual with a free address",
			}
		}
	}
	return l, err
}

// rested waits for d or for the end of ctx.
func rested(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
