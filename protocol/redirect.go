// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"net/netip"
	"slices"

	"network-manager-softether/protocol/pack"
)

// redirect is a cluster controller's answer to a login: one of its members hosts the session
// (softether-protocol.md 7.4).
type redirect struct {
	addr    netip.AddrPort
	ticket  []byte
	cert    []byte // DER of what the member must present
	message string
}

// parseRedirect reads a redirect received over a connection to the port current.
func parseRedirect(p *pack.Pack, current uint16) (*redirect, error) {
	r := &redirect{
		ticket:  p.Data("Ticket"),
		cert:    p.Data("Cert"),
		message: plainText(string(p.Data("Msg")), maxMessage),
	}
	ip, ok := p.IP("Ip")
	ip = ip.Unmap() // ::ffff:0.0.0.0 is no better than 0.0.0.0
	if !ok || ip.IsUnspecified() || ip.IsMulticast() {
		return nil, fmt.Errorf("%w: redirect to address %v", ErrMalformed, ip)
	}
	ports := p.Ints("Port")
	if len(ports) == 0 || len(ports) > maxPorts {
		return nil, fmt.Errorf("%w: redirect with %d ports", ErrMalformed, len(ports))
	}
	port := ports[0]
	if slices.Contains(ports, uint32(current)) {
		port = uint32(current)
	}
	if port == 0 || port > 0xffff {
		return nil, fmt.Errorf("%w: redirect to port %d", ErrMalformed, port)
	}
	if len(r.ticket) != keyLen || len(r.cert) == 0 {
		return nil, fmt.Errorf("%w: redirect without a ticket or certificate", ErrMalformed)
	}
	r.addr = netip.AddrPortFrom(ip, uint16(port))
	return r, nil
}
