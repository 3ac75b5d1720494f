// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"slices"
	"time"

	"network-manager-softether/protocol/pack"
)

// Values of "direction" (softether-protocol.md 8.2).
const (
	directionBoth     = 0
	directionToClient = 1
	directionToServer = 2
)

// bugDelay is how long other connections survive an unclean close on Debian's 9674.
const bugDelay = 260 * time.Millisecond

// attach answers additional_connect, and runs the tunnel on this connection as well.
func (c *conn) attach(p *pack.Pack) error {
	key := p.Data("session_key")
	if len(key) != keyLen {
		return c.sendError(StepAttach, errProtocol, false)
	}
	c.srv.mu.Lock()
	sess := c.srv.sessions[[keyLen]byte(key)]
	c.srv.mu.Unlock()
	if sess == nil {
		return c.sendError(StepAttach, errSessionTimeout, false)
	}
	direction, ok := sess.reserve()
	if !ok {
		return c.sendError(StepAttach, errTooManyConnection, false)
	}
	var reply pack.Pack
	reply.AddInt("error", 0)
	reply.AddInt("direction", direction)
	answer, err := c.decide(StepAttach, &reply)
	if err != nil || isRefusal(answer) {
		sess.unreserve(direction)
		if err != nil {
			return err
		}
		return c.granted(answer, c.send(answer))
	}
	if err := c.send(answer); err != nil {
		sess.unreserve(direction)
		return err
	}
	return sess.open(c, direction, false)
}

// reserve takes a place in the session, which holds one connection more than granted, as in the original, and
// returns what that connection is for. A client that has its answer may ask for the next one before the first
// is in.
func (s *ServerSession) reserve() (direction uint32, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.reserved)
	for _, k := range s.socks {
		all = append(all, k.direction)
	}
	if len(all) > s.most {
		return 0, false
	}
	direction = directionBoth
	if s.half {
		toClient := 0
		for _, d := range all {
			if d == directionToClient {
				toClient++
			}
		}
		direction = directionToClient
		if toClient > len(all)-toClient {
			direction = directionToServer
		}
	}
	s.reserved = append(s.reserved, direction)
	return direction, true
}

// unreserve gives a place back.
func (s *ServerSession) unreserve(direction uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freePlace(direction)
}

// freePlace is unreserve for callers that hold s.mu.
func (s *ServerSession) freePlace(direction uint32) {
	if i := slices.Index(s.reserved, direction); i >= 0 {
		s.reserved = slices.Delete(s.reserved, i, i+1)
	}
}

// open makes c a connection of the session and carries frames until it ends. The
// first connection also starts the handler.
func (s *ServerSession) open(c *conn, direction uint32, first bool) error {
	k := newSock(s, c, direction)
	if !s.add(k) {
		return c.bye(errOver)
	}
	if first {
		s.srv.wg.Add(1)
		go s.run()
		select {
		case s.srv.news <- s:
		default: // nobody asks for sessions
		}
	}
	err := k.serve()
	how := c.endOf(err)
	c.ended(how)
	s.remove(k, how)
	if how == EndSilent || how == EndViolated {
		k.close(Polite)
	}
	return err
}

// run is the goroutine of the handler.
func (s *ServerSession) run() {
	defer s.srv.wg.Done()
	if s.handler != nil {
		s.handler(s)
	}
	s.Receive(func([][]byte) {})
}

func (s *ServerSession) add(k *sock) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freePlace(k.direction)
	if s.isOver() {
		return false
	}
	if s.linger != nil {
		s.linger.Stop()
	}
	s.socks = append(s.socks, k)
	s.update()
	if s.poisoned {
		k.killLater()
	}
	return true
}

// remove takes k out of the session. The last connection leaves the session lingering.
func (s *ServerSession) remove(k *sock, how End) {
	s.mu.Lock()
	s.forget(k)
	if s.bug && how == EndAbrupt {
		s.poisoned = true
		for _, other := range s.socks {
			other.killLater()
		}
	}
	last := len(s.socks) == 0
	if last && !s.isOver() {
		s.linger = time.AfterFunc(s.timeout, s.expire)
	}
	s.mu.Unlock()
	if last && s.srv.settings().noReattach {
		s.end(Polite)
	}
}

// forget takes k off the list. The caller holds s.mu.
func (s *ServerSession) forget(k *sock) {
	if i := slices.Index(s.socks, k); i >= 0 {
		s.socks = slices.Delete(s.socks, i, i+1)
		s.update()
	}
}

// expire ends a session that nobody has come back to.
func (s *ServerSession) expire() {
	if s.Conns() == 0 {
		s.end(Polite)
	}
}

// update announces a change of s.socks. The caller holds s.mu.
func (s *ServerSession) update() {
	var out []*sock
	for _, k := range s.socks {
		if k.direction != directionToServer {
			out = append(out, k)
		}
	}
	s.out.Store(&out)
	close(s.changed)
	s.changed = make(chan struct{})
}

// waitChange waits until the session gets or loses a connection.
func (s *ServerSession) waitChange() error {
	s.mu.Lock()
	have, changed := len(s.socks), s.changed
	s.mu.Unlock()
	if have > 0 {
		return nil
	}
	select {
	case <-changed:
		return nil
	case <-s.done:
		return errOver
	}
}
