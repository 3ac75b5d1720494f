// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/rudp"
)

// waysOf are the values of transport, but for tcp, as the network calls them.
var waysOf = map[profile.Transport][]rudp.Way{
	profile.TransportAuto: {rudp.TCP, rudp.UDP, rudp.DNS, rudp.ICMP},
	profile.TransportUDP:  {rudp.UDP},
	profile.TransportICMP: {rudp.ICMP},
	profile.TransportDNS:  {rudp.DNS},
}

// dialer returns what opens the profile's connections: p itself for TCP. It is the same for all attempts, and
// must be called while raw sockets may still be opened.
func (p *serverPath) dialer(prof *profile.Profile) (protocol.Dialer, error) {
	ways, ok := waysOf[prof.Transport]
	if !ok {
		return p, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.other != nil {
		return p.other, nil
	}
	d := &rudp.Dialer{
		Ways:      ways,
		TCP:       p,
		Traversal: rudp.Traversal{Resolver: p.resolver, Host: prof.Gateway.Host, Hint: prof.Hint},
		Control:   p.bind,
		Logger:    p.log,
	}
	if err := d.Prepare(); err != nil {
		if len(ways) == 1 {
			return nil, fmt.Errorf("%s=%s: %w", profile.KeyTransport, prof.Transport, err)
		}
		p.log.Warn("continuing without ICMP", "error", err)
	}
	p.other = d
	return d, nil
}

// close closes what dialer has opened.
func (p *serverPath) close() {
	p.roomy.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.other != nil {
		p.other.Close()
		p.other = nil
	}
}
