// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"net"
	"net/netip"

	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/udpaccel"
)

// A udpOffer is what a login proposes, and the socket it refers to.
type udpOffer struct {
	*udpaccel.Offer
	conn *net.UDPConn
}

// offerUDP opens a socket for the login on c. It returns nil if UDP is not wanted or not possible: through a
// proxy, or where UDP is forbidden.
func (d *dialer) offerUDP(c *control) *udpOffer {
	if d.UDP == UDPOff {
		return nil
	}
	conn, err := d.dialUDP(context.Background(), c.raw, c.addr)
	if conn == nil {
		d.log.Info("no UDP acceleration: the connection is not a direct one", "server", c.addr, "error", err)
		return nil
	}
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return &udpOffer{udpaccel.NewOffer(local, d.udpVersion), conn}
}

// dialUDP returns a socket connected to the host of raw, which is known as addr. The dialer keeps it outside
// the tunnel, as it does raw.
func (d *dialer) dialUDP(ctx context.Context, raw net.Conn, addr netip.AddrPort) (*net.UDPConn, error) {
	tcp, ok := raw.(*net.TCPConn)
	if !ok || d.Proxy != nil || hostOf(tcp.RemoteAddr()).Unmap() != addr.Addr().Unmap() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.timing.connect)
	defer cancel()
	conn, err := d.Dialer.DialContext(ctx, "udp", addr.String())
	if err != nil {
		return nil, err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		conn.Close()
	}
	return udp, nil
}

// grant returns what the server answers to the offer, nil if that is nothing usable.
func (o *udpOffer) grant(d *dialer, welcome *pack.Pack) *udpaccel.Grant {
	if o == nil {
		return nil
	}
	lowest := 2
	if d.UDP == UDPV1 {
		lowest = 1
	}
	g, err := o.Accept(welcome, lowest)
	if err != nil {
		d.log.Info("no UDP acceleration", "error", err)
	}
	return g
}

// close closes the socket, if there is one.
func (o *udpOffer) close() {
	if o != nil {
		o.conn.Close()
	}
}
