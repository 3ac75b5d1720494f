// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

// An attempt is one try to log in and to get an address. It runs in a goroutine of its own and does not touch
// the state of the connection.
type attempt struct {
	system  system
	log     *slog.Logger
	profile *profile.Profile
	config  func() (*protocol.Config, error) // what to dial with; may read files
	tunnel  *tunnel                          // nil: open one before the login
	confine func() error                     // gives up privileges, once
	again   bool                             // the last session was lost, and its addresses are in use
	last    *dhcp.Lease                      // of that session

	// What the keepers report while the session is wanted.
	found4  func(*dhcp.Lease)
	failed4 func(error)
	found6  func(*autoconf.Config6)

	missing6 func() // told that no router answers
}

// An outcome is what an attempt has opened, or why it failed.
type outcome struct {
	live
	config *protocol.Config // what was dialled with
	tunnel *tunnel
	opened bool            // the tunnel is new, and whoever receives the outcome owns it, even after an error
	keep   context.Context // lives as long as the session is wanted
	err    error
}

// run tries until ctx ends. If a failed attempt has opened a session, that is closed when run returns; the
// tunnel is not, as there is no privilege left to open another.
func (a *attempt) run(ctx context.Context) *outcome {
	o := &outcome{tunnel: a.tunnel}
	o.keep, o.endKeep = context.WithCancel(context.Background())
	if o.err = a.connect(ctx, o); o.err != nil {
		o.drop(o.tunnel)
	}
	return o
}

func (a *attempt) connect(ctx context.Context, o *outcome) error {
	var err error
	if o.config, err = a.config(); err != nil {
		return err
	}
	if o.tunnel == nil {
		if o.tunnel, err = openTunnel(a.system, a.profile, a.log); err != nil {
			return err
		}
		o.opened = true
	}
	// From here on, nothing needs a privilege that a server, which is not trusted yet, could abuse.
	if err := a.confine(); err != nil {
		return err
	}
	if o.session, err = a.system.dial(ctx, o.config); err != nil {
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

// address has keepers look for the families whose method is auto for as long as the session lives, and waits
// until they have enough to announce. After a lost session it waits for nothing: addresses and routes are in
// place, and changes are announced as they come.
func (a *attempt) address(ctx context.Context, o *outcome) error {
	ctx, cancel := untilDone(ctx, o.session)
	defer cancel()

	v4, v6 := newFamily(a.profile.IPv4), newFamily(a.profile.IPv6)
	if o.tunnel.rivals != nil {
		if err := o.tunnel.rivals.probe(ctx, a.profile, a.again); err != nil {
			return err
		}
	}
	if o.tunnel.port4 != nil {
		go a.keeper4(o, v4).run(o.keep, a.last)
	}
	if o.tunnel.port6 != nil {
		id := a.profile.Identity
		cfg := autoconf.Config{MAC: o.tunnel.mac(), Token: id.Token, DUID: id.DUID, IAID: id.IAID6, Logger: a.log}
		if id.StableIPv6 {
			cfg.StableID = []byte(a.profile.UUID)
		}
		if o.tunnel.kernel6 != nil {
			cfg.Maker = o.tunnel.kernel6
		}
		client := autoconf.New(o.tunnel.port6, cfg)
		go keepIPv6(o.keep, client, func(cfg *autoconf.Config6) {
			a.found6(cfg)
			if cfg.Addr.IsValid() {
				v6.tell(nil)
			}
		}, func(err error) { a.missing6(); v6.tell(noIPv6(err)) })
	}
	if a.again {
		return nil
	}
	return awaitFamilies(ctx, v4, v6)
}

func (a *attempt) keeper4(o *outcome, v4 *family) *keeper4 {
	timeout := a.profile.IPv4.DHCPTimeout
	if timeout == 0 {
		timeout = leaseTimeout
	}
	return &keeper4{
		client:  newDHCP(a.system, o.tunnel, a.profile, a.log),
		log:     a.log,
		server:  serverOf(o.session),
		heldBy:  func(addr netip.Addr) string { return a.system.heldBy(o.tunnel.tap.Name(), addr) },
		forced:  o.session.Info().Policy.DHCPForce,
		timeout: timeout,
		found:   func(l *dhcp.Lease) { a.found4(l); v4.tell(nil) },
		failed:  func(err error) { a.failed4(err); v4.tell(err) },
	}
}

// newDHCP returns the DHCP client for that profile on the tunnel.
func newDHCP(sys system, t *tunnel, p *profile.Profile, log *slog.Logger) *dhcp.Client {
	id := p.Identity
	return dhcp.New(t.port4, dhcp.Config{
		MAC: t.mac(), ClientID: id.ClientID, Hostname: id.Hostname, FQDN: id.FQDN, VendorClass: id.VendorClass,
		Reject: id.Reject, Probe: max(0, p.IPv4.DADTimeout), Logger: log,
		Mine:      func(mac net.HardwareAddr) bool { return sys.ownMAC(t.tap.Name(), mac) },
		NoDefault: p.IPv4.NeverDefault || p.IPv4.IgnoreAutoRoutes,
	})
}

// untilDone returns a context that ends with ctx, or with the session, whose error is the cause then.
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

// discard closes everything that the attempt has opened.
func (o *outcome) discard() {
	o.drop(o.tunnel)
	if o.opened {
		o.tunnel.close()
	}
}
