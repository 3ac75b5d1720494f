// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/pack"
)

// attach opens one more connection for the session (softether-protocol.md 8.1).
func (s *Session) attach(ctx context.Context, t targets) (*datapath.Conn, error) {
	c, at, err := s.attachTo(ctx, t)
	refused, ok := errors.AsType[*ServerError](err)
	if sure, hearsay := t.sure(at, s.dialer.timing.sure); ok && hearsay && at.IsValid() && ctx.Err() == nil {
		// Another server may have the name now, which knows nothing of the session.
		s.dialer.log.Info("trying the session's own address", "failed", at, "error", refused)
		if c, _, again := s.attachTo(ctx, sure); !errors.Is(again, ErrUnreachable) {
			return c, again
		}
	}
	return c, err
}

// attachTo also returns the address it was, if there was one.
func (s *Session) attachTo(ctx context.Context, t targets) (*datapath.Conn, netip.AddrPort, error) {
	c, err := s.dialer.open(ctx, t, sameLeaf(s.dialer.Host, s.leaf))
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	dir, err := s.join(c)
	if err == nil && !c.release() {
		err = ctx.Err()
	}
	if err != nil {
		c.close()
		return nil, c.addr, opError(ctx, "login", c.addr.String(), err)
	}
	return c.conn(s.timeout, dir), c.addr, nil
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
