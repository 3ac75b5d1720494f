// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"network-manager-softether/protocol/pack"
)

// A ServerSession is the server's end of a VPN session. It outlives its TCP
// connections by the session timeout.
type ServerSession struct {
	srv      *Server
	id       int
	hub      *Hub
	user     *User
	login    *pack.Pack
	key      [keyLen]byte
	timeout  time.Duration
	most     int // TCP connections granted
	half     bool
	qos      bool
	compress bool
	bug      bool // WithUncleanCloseBug
	handler  func(*ServerSession)
	dhcp     *DHCP
	udp      atomic.Pointer[udpEnd] // nil: none
	counters counters

	rx        chan *rxBuf             // batches for ReadFrames
	last      *rxBuf                  // what ReadFrames returned last
	receive   func(int, [][]byte)     // set once, before receiving is closed
	receiving chan struct{}           // closed when receive is set
	once      sync.Once               // guards receive
	done      chan struct{}           // closed when the session is over
	over      sync.Once               // guards done
	out       atomic.Pointer[[]*sock] // what frames may be sent on, newest last
	ice       atomic.Pointer[[]*sock] // frozen ones

	mu       sync.Mutex
	socks    []*sock  // oldest first
	reserved []uint32 // directions of those that were granted and are not in socks yet
	poisoned bool     // by the unclean close bug
	linger   *time.Timer
	changed  chan struct{} // closed and replaced when socks changes
}

// newSession makes a session for an authenticated login, or returns an error code.
func (s *Server) newSession(set *settings, hub *Hub, user *User, p *pack.Pack) (*ServerSession, uint32) {
	sess := &ServerSession{
		srv: s, hub: hub, user: user, login: p,
		bug: set.uncleanBug, handler: set.handler, dhcp: set.dhcp,
		timeout:   set.timeout,
		half:      p.Bool("half_connection"),
		qos:       p.Bool("qos"),
		compress:  p.Bool("use_compress"),
		rx:        make(chan *rxBuf),
		receiving: make(chan struct{}),
		done:      make(chan struct{}),
		changed:   make(chan struct{}),
	}
	if sess.timeout == 0 {
		sess.timeout = time.Duration(hub.policy(user, "TimeOut")) * time.Second
	}
	sess.most = max(1, int(min(p.Int("max_connection"), hub.policy(user, "MaxConnection"), 32)))
	if sess.qos {
		if sess.half {
			sess.most = max(sess.most, 4)
		} else {
			sess.most = max(sess.most, 2)
		}
	}
	rand.Read(sess.key[:])

	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, other := range s.sessions {
		if foldASCII(other.hub.Name) == foldASCII(hub.Name) {
			n++
		}
	}
	if hub.MaxSessions > 0 && n >= hub.MaxSessions {
		return nil, errHubIsBusy
	}
	s.lastID++
	sess.id = s.lastID
	if s.closed {
		return nil, errCantAccept
	}
	s.sessions[sess.key] = sess
	return sess, 0
}

// rivals counts the sessions of user that keep another one from logging in: those
// with a connection and another id, or none.
func (s *Server) rivals(hub *Hub, user *User, unique []byte) int {
	n := 0
	for _, sess := range s.Sessions() {
		id := sess.login.Data("UniqueId")
		same := len(id) > 0 && bytes.Equal(id, unique) && !bytes.Equal(id, make([]byte, len(id)))
		if foldASCII(sess.hub.Name) == foldASCII(hub.Name) && foldASCII(sess.user.Name) == foldASCII(user.Name) &&
			!same && sess.Conns() > 0 {
			n++
		}
	}
	return n
}

// welcome returns the pack that grants the session (softether-protocol.md 7.1).
func (s *ServerSession) welcome(set *settings) *pack.Pack {
	var p pack.Pack
	p.AddStr("session_name", s.Name())
	p.AddStr("connection_name", fmt.Sprintf("CID-%d", s.id))
	p.AddData("session_key", s.key[:])
	p.AddInt("session_key_32", 0x01020304)
	p.AddInt("max_connection", uint32(s.most))
	p.AddBool("use_encrypt", s.login.Bool("use_encrypt"))
	p.AddBool("use_compress", s.compress)
	p.AddBool("half_connection", s.half)
	p.AddInt("timeout", uint32(s.timeout.Milliseconds()))
	p.AddBool("qos", s.qos)
	p.AddInt("is_azure_session", 0)
	p.AddInt("vlan_id", 0)
	p.AddInt("enable_udp_recovery", 0)
	p.AddInt("suppress_client_update_notification", 0)
	p.AddData("Msg", []byte(s.hub.Message))
	for _, name := range policyNames {
		p.AddInt("policy:"+name, s.hub.policy(s.user, name))
	}
	return &p
}

// Name returns what the welcome calls the session, such as "SID-ALICE-2".
func (s *ServerSession) Name() string {
	return fmt.Sprintf("SID-%s-%d", upperASCII(s.user.Name), s.id)
}

// User returns the name of the user as the server knows it.
func (s *ServerSession) User() string { return s.user.Name }

// Hub returns the name of the hub.
func (s *ServerSession) Hub() string { return s.hub.Name }

// Login returns the pack that the client logged in with.
func (s *ServerSession) Login() *pack.Pack { return s.login }

// Key returns the session key.
func (s *ServerSession) Key() []byte { return bytes.Clone(s.key[:]) }

// Done returns a channel that is closed when the session is over for good.
func (s *ServerSession) Done() <-chan struct{} { return s.done }

func (s *ServerSession) isOver() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Conns returns the number of TCP connections the session has now.
func (s *ServerSession) Conns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.socks)
}

// WaitConns waits until the session has n TCP connections.
func (s *ServerSession) WaitConns(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		have, changed := len(s.socks), s.changed
		s.mu.Unlock()
		if have == n {
			return nil
		}
		select {
		case <-changed:
		case <-s.done:
			return fmt.Errorf("softethertest: %s is over; it had %d connections, wanted were %d", s.Name(), have, n)
		case <-ctx.Done():
			return fmt.Errorf("softethertest: %s has %d connections, wanted were %d: %w", s.Name(), have, n, context.Cause(ctx))
		}
	}
}

// Kick ends the session as an administrator can: its connections are closed
// politely and its key is no longer known.
func (s *ServerSession) Kick() { s.end(Polite) }

// abandon removes a session whose welcome was never sent.
func (s *ServerSession) abandon() { s.end(Abrupt) }

func (s *ServerSession) end(how Cut) {
	s.over.Do(func() {
		s.srv.mu.Lock()
		delete(s.srv.sessions, s.key)
		s.srv.mu.Unlock()
		close(s.done)
		s.mu.Lock()
		if s.linger != nil {
			s.linger.Stop()
		}
		s.mu.Unlock()
		s.CutUDP()
	})
	s.Cut(how)
}
