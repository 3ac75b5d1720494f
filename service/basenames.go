// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"

	"network-manager-softether/protocol"
)

// baseNames resolves names as if there were no VPN. Before there is a tunnel, that is what the system's
// resolver does. Afterwards the system's name servers may be the tunnel's, which are behind the very server
// that is looked for, or know it by another address: the base's own servers are asked, by sockets that are
// bound to the base. hosts(5) applies either way.
type baseNames struct {
	path    *serverPath
	servers func(ctx context.Context, device string) ([]netip.Addr, error) // nil: cannot be known
	system  protocol.Resolver                                              // before there is a tunnel
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// errNoServers is for a base without name servers.
var errNoServers = errors.New("NetworkManager knows no name servers of the network below the VPN")

func (b *baseNames) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if _, known := b.path.standing(); !known || b.servers == nil {
		return b.bySystem(ctx, network, host)
	}
	if err := b.path.await(ctx); err != nil {
		return nil, err
	}
	at, _ := b.path.standing() // which may be another by now
	servers, err := b.servers(ctx, at.base.name)
	if err == nil && len(servers) == 0 {
		err = errNoServers
	}
	if err != nil {
		return nil, &net.DNSError{Err: err.Error(), Name: host, IsTemporary: true}
	}
	lookups := make([]lookup, len(servers))
	for i, s := range servers {
		address := netip.AddrPortFrom(s, 53).String()
		r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return b.dial(ctx, network, address)
		}}
		lookups[i] = func(ctx context.Context) ([]netip.Addr, error) {
			// The search list in resolv.conf is the tunnel's, too.
			list, err := r.LookupNetIP(ctx, network, strings.TrimSuffix(host, ".")+".")
			if e, ok := errors.AsType[*net.DNSError](err); ok {
				e.Server = address // it names one of resolv.conf
			}
			return list, err
		}
	}
	return firstAnswer(ctx, lookups...)
}

// bound dials by a socket that is bound to the base, or to where the kernel would send.
func (p *serverPath) bound(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Control: p.bind}
	return d.DialContext(ctx, network, address)
}
