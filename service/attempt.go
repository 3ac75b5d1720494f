// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

// Times of an attempt. Dialling has the deadlines of each of its steps in protocol.
const (
	leaseTimeout = 20 * time.Second // for DHCP; NetworkManager gives 60 s to all of it
	routerWait   = 3 * time.Second  // for a router advertisement where nothing else is waited for
)

// An attempt is one try to log in and to get an address. It runs in a goroutine of its
// own and touches no state of the connection.
type attempt struct {
	outside outside
	log     *slog.Logger
	profile *profile.Profile
	config  func() (*protocol.Config, error) // what to dial with; may read files
	tunnel  *tunnel                          // nil: open one before the login
	confine func() error                     // gives up rights, once
	want    netip.Addr                       // the address of the last lease
	found6  func(*autoconf.Config6)          // told of every IPv6 configuration while the session is wanted
}

// An outcome is what an attempt has opened, or why it failed.
type outcome struct {
	config  *protocol.Config // what was dialled with
	session session
	tunnel  *tunnel
	opened  bool // the tunnel is new, and whoever gets the outcome owns it, also after an error
	dhcp    *dhcp.Client
	lease   *dhcp.Lease
	keep    context.Context // lives as long as the session is wanted
	endKeep context.CancelFunc
	err     error
}

// run tries until ctx ends. A session that a failed attempt opened is closed when it
// returns; the tunnel is not, as there is no right to open another.
func (a *attempt) run(ctx context.Context) *outcome {
	o := &outcome{tunnel: a.tunnel}
	o.keep, o.endKeep = context.WithCancel(context.Background())
	if o.err = a.connect(ctx, o); o.err != nil {
		o.dropSession()
	}
	return o
}

func (a *attempt) connect(ctx context.Context, o *outcome) error {
	var err error
	if o.config, err = a.config(); err != nil {
		return err
	}
	if o.tunnel == nil {
		if o.tunnel, err = openTunnel(a.outside, a.profile, a.log); err != nil {
			return err
		}
		o.opened = true
	}
	// From here on nothing takes a right that a server, which is not trusted yet, could use.
	if err := a.confine(); err != nil {
		return err
	}
	if o.session, err = a.outside.dial(ctx, o.config); err != nil {
		return err
	}
	info := o.session.Info()
	a.log.Info("logged in", "server", info.ServerAddr.String(), "product", info.ServerProduct, "build", info.ServerBuild,
		"session", info.SessionName, "cipher", tls.CipherSuiteName(info.CipherSuite), "timeout", info.Timeout)
	for _, limit := range limits(info, a.profile) {
		a.log.Warn("limited by the server", "how", limit)
	}
	o.tunnel.plug(o.session)
	return a.address(ctx, o)
}

// address gets a configuration for the families whose method is auto. An IPv6 router
// is looked for as long as the session lives, but waited for only where there is no
// DHCP to wait for: most hubs have none.
func (a *attempt) address(ctx context.Context, o *outcome) error {
	ctx, cancel := untilDone(ctx, o.session)
	defer cancel()

	seen6 := make(chan struct{})
	if o.tunnel.port6 != nil {
		var once sync.Once
		client := autoconf.New(o.tunnel.port6, autoconf.Config{MAC: o.tunnel.mac(), Logger: a.log})
		go keepIPv6(o.keep, client, func(cfg *autoconf.Config6) {
			a.found6(cfg)
			once.Do(func() { close(seen6) })
		})
	}
	if o.tunnel.port4 == nil {
		if o.tunnel.port6 == nil {
			return nil
		}
		select {
		case <-seen6:
		case <-time.After(routerWait):
			a.log.Info("no IPv6 router has answered yet, going on without", "waited", routerWait)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		return nil
	}

	o.dhcp = dhcp.New(o.tunnel.port4, dhcp.Config{
		MAC: o.tunnel.mac(), Hostname: a.profile.Hostname, Logger: a.log,
		NoDefault: a.profile.IPv4.NeverDefault || a.profile.IPv4.IgnoreAutoRoutes,
	})
	leaseCtx, cancelLease := context.WithTimeout(ctx, leaseTimeout)
	defer cancelLease()
	var err error
	if o.lease, err = acquire(leaseCtx, o.dhcp, a.want, serverOf(o.session)); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause // that the session ended, or the attempt, is the news
		}
		return fmt.Errorf("get an address through the tunnel: %w", err)
	}
	return nil
}

// untilDone returns a context that ends with ctx, or with the session, whose error is
// then the cause.
func untilDone(ctx context.Context, s session) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.Done():
			cancel(s.Err())
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// dropSession closes the session that the attempt has opened.
func (o *outcome) dropSession() {
	o.endKeep()
	if o.session != nil {
		o.tunnel.unplug()
		o.session.Close()
		o.session = nil
	}
}

// discard closes all that the attempt has opened.
func (o *outcome) discard() {
	o.dropSession()
	if o.opened {
		o.tunnel.close()
	}
}
