// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"net"
	"net/netip"
	"time"

	"network-manager-softether/protocol/rudp/internal/arq"
)

// DialUDP connects to the R-UDP port of a server. A server has one, chosen at random, unless its setting
// DisableNatTraversal is true. ctx bounds the attempt; without a deadline it goes on for as long as a person
// would wait.
func DialUDP(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
	return dialUDP(ctx, nil, server)
}

func dialUDP(ctx context.Context, ctl control, server netip.AddrPort) (net.Conn, error) {
	u, err := dialSocket(ctx, ctl, server)
	if err != nil {
		return nil, err
	}
	return dial(ctx, &direct{u}, false)
}

// dial makes a stream of a carrier. It returns an interface so that the connection is a plain nil on errors.
func dial(ctx context.Context, c arq.Carrier, masked bool) (net.Conn, error) {
	conn, err := arq.Dial(ctx, c, masked)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// direct carries datagrams unchanged.
type direct struct{ *socket }

func (d *direct) Headroom() int       { return 0 }
func (d *direct) Send(b []byte) error { return d.send(b) }
func (d *direct) Confirm()            {}

func (d *direct) Receive(b []byte, wait bool) ([]byte, error) { return d.receive(b, wait) }
func (d *direct) Pulse(time.Time) time.Time                   { return time.Time{} }
