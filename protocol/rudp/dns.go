// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	mrand "math/rand/v2"
	"net"
	"net/netip"
	"time"

	"network-manager-softether/protocol/rudp/internal/dnswire"
)

// dnsPort is where servers listen for R-UDP over DNS, if they do at all.
const dnsPort = 53

// DialDNS connects through DNS messages to port 53 of a server. Servers have this disabled by default
// (VpnOverIcmpDnsEnable). A resolver on the way does not forward these messages: this is for firewalls that
// let port 53 through.
func DialDNS(ctx context.Context, server netip.Addr) (net.Conn, error) {
	return dialDNS(ctx, nil, netip.AddrPortFrom(server, dnsPort))
}

func dialDNS(ctx context.Context, ctl control, server netip.AddrPort) (net.Conn, error) {
	s, err := dialSocket(ctx, ctl, server)
	if err != nil {
		return nil, err
	}
	var seed [32]byte
	rand.Read(seed[:])
	return dial(ctx, &overDNS{s, mrand.NewChaCha8(seed)}, true)
}

// overDNS carries datagrams in DNS messages. Each query has an ID and a name of its own, so that none is
// taken for a repetition.
type overDNS struct {
	*socket
	rng *mrand.ChaCha8
}

func (o *overDNS) Headroom() int { return dnswire.QueryLen }

func (o *overDNS) Send(b []byte) error {
	r := o.rng.Uint64()
	var name [4]byte
	binary.BigEndian.PutUint32(name[:], uint32(r))
	dnswire.PutQuery(b, 1+uint16(r>>32)%0xffff, name)
	return o.send(b)
}

func (o *overDNS) Receive(b []byte, wait bool) ([]byte, error) {
	for {
		m, err := o.receive(b, wait)
		if err != nil {
			return nil, err
		}
		if d, ok := dnswire.Answer(m); ok {
			return d, nil
		}
	}
}

func (o *overDNS) Confirm()                  {}
func (o *overDNS) Pulse(time.Time) time.Time { return time.Time{} }
