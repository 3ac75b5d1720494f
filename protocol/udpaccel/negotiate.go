// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"

	"network-manager-softether/protocol/pack"
)

// ErrGrant means that the grant in a welcome is unusable; the session goes on without.
var ErrGrant = errors.New("the server's UDP acceleration is unusable")

// An Offer is what a client proposes in its login (softether-protocol.md 10.1).
type Offer struct {
	port       uint16
	maxVersion int
	v6         bool
	key1       [v1KeyLen]byte
	key2       [v2KeyLen]byte
}

// NewOffer makes an offer with fresh keys. local is where packets will come from; maxVersion is 1 or 2.
func NewOffer(local netip.AddrPort, maxVersion int) *Offer {
	o := &Offer{port: local.Port(), maxVersion: maxVersion, v6: local.Addr().Unmap().Is6()}
	rand.Read(o.key1[:])
	rand.Read(o.key2[:])
	return o
}

// AddTo adds the offer to a login. The address is left open, so that the server uses the one it sees, and
// does not learn about the network behind a NAT.
func (o *Offer) AddTo(p *pack.Pack) {
	unspecified := netip.IPv4Unspecified()
	if o.v6 {
		unspecified = netip.IPv6Unspecified()
	}
	p.AddBool("use_udp_acceleration", true)
	p.AddInt("udp_acceleration_version", 1) // always 1 in this element
	p.AddInt("udp_acceleration_max_version", uint32(o.maxVersion))
	p.AddIP("udp_acceleration_client_ip", unspecified)
	p.AddInt("udp_acceleration_client_port", uint32(o.port))
	p.AddData("udp_acceleration_client_key", o.key1[:])
	p.AddData("udp_acceleration_client_key_v2", o.key2[:])
	p.AddBool("support_hmac_on_udp_acceleration", true)
	p.AddBool("support_udp_accel_fast_disconnect_detect", true)
}

// A Grant is what the server answers to an offer.
type Grant struct {
	Params
	Port uint16 // of the server
}

// Accept reads the answer to the offer from a welcome: nil without error if the server declines. minVersion
// is the lowest version to accept.
func (o *Offer) Accept(p *pack.Pack, minVersion int) (*Grant, error) {
	if !p.Bool("use_udp_acceleration") {
		return nil, nil
	}
	version := max(int(min(p.Int("udp_acceleration_version"), 100)), 1)
	port := p.Int("udp_acceleration_server_port")
	g := &Grant{Port: uint16(port), Params: Params{
		Version:    version,
		SendCookie: p.Int("udp_acceleration_server_cookie"),
		RecvCookie: p.Int("udp_acceleration_client_cookie"),
		Fast:       p.Bool("udp_accel_fast_disconnect_detect"),
		Compressed: p.Bool("use_compress"),
	}}
	name, size := "udp_acceleration_server_key", v1KeyLen
	g.SendKey = o.key1[:]
	if version == 2 {
		name, size = "udp_acceleration_server_key_v2", v2KeyLen
		g.SendKey = o.key2[:]
	}
	g.RecvKey = p.Data(name)
	switch {
	case version > o.maxVersion:
		return nil, fmt.Errorf("%w: version %d, which was not offered", ErrGrant, version)
	case version < minVersion:
		return nil, fmt.Errorf("%w: version %d only, whose cipher is weak", ErrGrant, version)
	case !p.Bool("udp_acceleration_use_encryption"):
		return nil, fmt.Errorf("%w: without encryption", ErrGrant)
	case port == 0 || port > 0xffff:
		return nil, fmt.Errorf("%w: port %d", ErrGrant, port)
	case g.SendCookie == 0 || g.RecvCookie == 0:
		return nil, fmt.Errorf("%w: a cookie is 0", ErrGrant)
	case len(g.RecvKey) != size:
		return nil, fmt.Errorf("%w: key of %d bytes", ErrGrant, len(g.RecvKey))
	}
	return g, nil
}
