// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"time"

	"network-manager-softether/protocol/internal/datapath"
)

// supervise looks after the connections until the session is over.
func (s *Session) supervise() {
	keep := newKeeper(s)
	for {
		select {
		case <-s.ctx.Done():
			s.closeAll(keep)
			return
		case c := <-s.lost:
			s.connGone(c, keep)
		case <-s.roam.news:
			s.newGround(keep)
		case <-keep.due.C:
			keep.act()
		case a := <-keep.attempts:
			keep.ended(a)
		}
	}
}

// closeAll closes the connections of a session that is over, politely if there is time.
func (s *Session) closeAll(keep *keeper) {
	if c := keep.stop(); c != nil {
		s.add(c)
	}
	if s.auto != nil {
		s.auto.Stop()
	}
	s.udp.close()
	for _, c := range slices.Concat(s.tcp.Conns(), s.aside) {
		s.tcp.Remove(c, s.err)
	}
	s.tcp.Wait()
}

// connGone removes a connection that has ended. If it was the last one, the session goes on over one that was
// just being opened, or is attached again.
func (s *Session) connGone(c *datapath.Conn, keep *keeper) {
	if s.asideGone(c) {
		return
	}
	s.tcp.Remove(c, nil)
	if left := s.Connections(); left > 0 {
		if !c.Retiring() {
			s.dialer.log.Info("connection lost, the others go on", "server", c.Addr, "from", c.Raw.LocalAddr(), "direction", c.Direction, "error", c.Err(), "connections", left)
		}
		keep.lost(c)
		return
	}
	if other := keep.interrupt(); other != nil {
		s.add(other)
		if !keep.walkBegan.IsZero() {
			keep.arrived(other)
		}
	} else {
		s.detached(c, c.Err())
	}
	keep.begin()
}

// newGround begins to move the session to the new ground, or attaches it again there if no connection is
// alive.
func (s *Session) newGround(keep *keeper) {
	if c := keep.interrupt(); c != nil {
		s.tcp.Remove(c, datapath.ErrLeft)
	}
	if last := s.setAside(); s.Connections() > 0 {
		keep.walk()
	} else if last != nil {
		s.detached(last, datapath.ErrLeft)
		keep.begin()
	}
}

// detached tries to attach the session again after the loss of last, its last connection, and ends it if that
// fails.
func (s *Session) detached(last *datapath.Conn, why error) {
	if err := s.reattach(last, why); err != nil {
		s.dialer.log.Warn("session is over", "session", s.info.Load().SessionName, "error", err)
		s.end(err)
	}
}

// add takes a connection into the session.
func (s *Session) add(c *datapath.Conn) {
	s.udp.follow(c)
	s.bulk.follow(c)
	s.tcp.Add(c)
}

// ended reports to supervise that a connection has ended.
func (s *Session) ended(c *datapath.Conn) {
	select {
	case s.lost <- c:
	case <-s.ctx.Done():
	}
}

// retire closes c while others take over.
func (s *Session) retire(c *datapath.Conn) {
	s.dialer.log.Debug("connection is replaced", "server", c.Addr, "from", c.Raw.LocalAddr(), "after", time.Since(c.Born))
	s.tcp.Retire(c)
}
