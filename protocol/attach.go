// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"fmt"
	"net/netip"

	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/pack"
)

// attach opens one more connection for the session (softether-protocol.md 8.1).
func (s *Session) attach(ctx context.Context, addrs []netip.AddrPort) (*datapath.Conn, error) {
	c, err := s.dialer.open(ctx, addrs, sameLeaf(s.dialer.Host, s.leaf))
	if err != nil {
		return nil, err
	}
	dir, err := s.join(c)
	if err == nil && !c.release() {
		err = ctx.Err()
	}
	if err != nil {
		c.close()
		return nil, opError(ctx, "login", c.addr.String(), err)
	}
	return c.conn(s.timeout, dir), nil
}

// join presents the session's key and returns what the connection is for.
func (s *Session) join(c *control) (datapath.Direction, error) {
	if err := c.send(s.dialer.attachPack(s.key[:])); err != nil {
		return 0, err
	}
	p, err := c.receive(c.limits.step, c.limits.step)
	if err != nil {
		return 0, err
	}
	dir := p.Int("direction")
	if dir > uint32(datapath.ToServer) || dir != 0 && !s.half {
		return 0, fmt.Errorf("%w: connection in direction %d", ErrMalformed, dir)
	}
	return datapath.Direction(dir), nil
}

// attachPack returns the request to join an existing session (softether-protocol.md 8.1).
func (d *dialer) attachPack(key []byte) *pack.Pack {
	p := new(pack.Pack)
	p.AddStr("method", "additional_connect")
	p.AddData("session_key", key)
	d.addIdentity(p)
	return p
}
