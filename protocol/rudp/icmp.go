// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"network-manager-softether/protocol/rudp/internal/icmpwire"
)

// DialICMP connects through ICMP messages. Servers have this disabled by default (VpnOverIcmpDnsEnable). It
// needs CAP_NET_RAW, but only to dial.
func DialICMP(ctx context.Context, server netip.Addr) (net.Conn, error) {
	return new(rawSockets).dial(ctx, nil, server)
}

// rawError adds the reason why a raw socket was refused.
func rawError(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: %w", ErrNoPrivilege, err)
	}
	return err
}

// overSocket connects through a raw socket.
func overSocket(ctx context.Context, s *socket) (net.Conn, error) {
	var seed [32]byte
	rand.Read(seed[:])
	o := &overICMP{socket: s, rng: mrand.NewChaCha8(seed), kind: kindUnknown}
	o.rng.Read(o.flow[:])
	return dial(ctx, o, true)
}

// overICMP carries datagrams in ICMP messages.
type overICMP struct {
	*socket
	rng  *mrand.ChaCha8
	flow icmpwire.Flow

	kind int   // the kind of message that gets through, or kindUnknown: both are sent
	last uint8 // kind of the message received last
	echo [8 + 128]byte
}

const kindUnknown = -1

// The pause between two echo requests (softether-protocol.md 11.3). NATs forget a ping after a few seconds.
const (
	echoMin = time.Second
	echoMax = 3 * time.Second
)

func (o *overICMP) Headroom() int { return icmpwire.HeadLen }

func (o *overICMP) Send(b []byte) error {
	if o.kind != kindUnknown {
		icmpwire.Put(b, uint8(o.kind), o.flow)
		return o.send(b)
	}
	icmpwire.Put(b, icmpwire.EchoReply, o.flow)
	err := o.send(b)
	icmpwire.Put(b, icmpwire.InfoRequest, o.flow)
	return errors.Join(err, o.send(b))
}

func (o *overICMP) Receive(b []byte, wait bool) ([]byte, error) {
	for {
		p, err := o.receive(b, wait)
		if err != nil {
			return nil, err
		}
		kind, flow, d, ok := icmpwire.Parse(p)
		if ok && flow == o.flow && (kind == icmpwire.EchoReply || kind == icmpwire.InfoReply) {
			o.last = kind
			return d, nil
		}
	}
}

// Confirm settles how to send: the way that produced an answer.
func (o *overICMP) Confirm() {
	if o.last == icmpwire.InfoReply {
		o.kind = icmpwire.InfoRequest
	} else {
		o.kind = icmpwire.EchoReply
	}
}

// Pulse sends an echo request with random content.
func (o *overICMP) Pulse(now time.Time) time.Time {
	r := o.rng.Uint64()
	b := o.echo[:8+64+r%64]
	o.rng.Read(b[8:])
	icmpwire.PutEcho(b, o.flow)
	_ = o.send(b) // the next pulse tries again
	return now.Add(echoMin + time.Duration(r>>8%uint64(echoMax-echoMin)))
}
