// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

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
}

// errNoServers is for a base without name servers.
var errNoServers = errors.New("NetworkManager knows no name servers of the network below the VPN")

func (b *baseNames) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	at, known := b.path.standing()
	if !known || b.servers == nil {
		return b.system.LookupNetIP(ctx, network, host)
	}
	if err := b.path.await(ctx); err != nil {
		return nil, err
	}
	servers, err := b.servers(ctx, at.base.name)
	if err == nil && len(servers) == 0 {
		err = errNoServers
	}
	if err != nil {
		return nil, &net.DNSError{Err: err.Error(), Name: host, IsTemporary: true}
	}
	var asked atomic.Uint32
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		s := servers[int(asked.Add(1)-1)%len(servers)]
		d := net.Dialer{Control: b.path.bind}
		return d.DialContext(ctx, network, netip.AddrPortFrom(s, 53).String())
	}}
	// The search list in resolv.conf is the tunnel's, too.
	return r.LookupNetIP(ctx, network, strings.TrimSuffix(host, ".")+".")
}
