// SPDX-License-Identifier: Apache-2.0

package rudptest

import (
	"net"
	"os"
	"sync"
	"time"
)

// A session is the carrier of one client's datagrams.
type session struct {
	l    *Listener
	peer client
	wake chan struct{}

	mu       sync.Mutex
	hint     uint16 // of the datagram received last, with which answers go out
	inbox    [][]byte
	deadline time.Time
	timer    *time.Timer
	closed   bool
}

// maxInbox is how many datagrams wait to be read; more are lost.
const maxInbox = 256

func newSession(l *Listener, peer client, hint uint16) *session {
	return &session{l: l, peer: peer, hint: hint, wake: make(chan struct{}, 1)}
}

func (s *session) deliver(d []byte, hint uint16) {
	s.mu.Lock()
	if len(s.inbox) < maxInbox {
		s.inbox = append(s.inbox, append([]byte(nil), d...))
		s.hint = hint
	}
	s.mu.Unlock()
	s.signal()
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *session) Headroom() int { return 0 }

func (s *session) Send(b []byte) error {
	s.mu.Lock()
	hint := s.hint
	s.mu.Unlock()
	return s.l.wire.send(b, s.peer, hint)
}

func (s *session) Receive(b []byte, wait bool) ([]byte, error) {
	for {
		s.mu.Lock()
		var d []byte
		var err error
		switch {
		case s.closed:
			err = net.ErrClosed
		case len(s.inbox) > 0:
			d, s.inbox = s.inbox[0], s.inbox[1:]
		case !wait || !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			err = os.ErrDeadlineExceeded
		}
		s.mu.Unlock()
		if d != nil || err != nil {
			return b[:copy(b, d)], err
		}
		<-s.wake
	}
}

func (s *session) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	s.deadline = t
	if s.timer != nil {
		s.timer.Stop()
	}
	if !t.IsZero() {
		s.timer = time.AfterFunc(time.Until(t), s.signal)
	}
	s.mu.Unlock()
	s.signal()
	return nil
}

func (s *session) Confirm()                  {}
func (s *session) Pulse(time.Time) time.Time { return time.Time{} }
func (s *session) LocalAddr() net.Addr       { return s.l.Addr() }
func (s *session) RemoteAddr() net.Addr      { return net.UDPAddrFromAddrPort(s.peer.addr) }

func (s *session) Close() error {
	s.mu.Lock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.signal()
	s.l.mu.Lock()
	delete(s.l.sessions, s.peer)
	s.l.mu.Unlock()
	return nil
}
