// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"network-manager-softether/frame"
)

// A Session is one login at a Virtual Hub: a port of its switch. All methods are
// safe for concurrent use, but see [Session.Close].
type Session struct {
	cfg  *settings
	key  [keyLen]byte
	leaf []byte // what every connection of the session must present, DER
	// member: a redirect gave the address; there is no name to look up again.
	member     bool
	timeout    time.Duration
	most       int  // connections granted
	half       bool // each in one direction only
	compressed bool // every frame is
	info       atomic.Pointer[Info]
	pool       pool
	udp        *acceleration // nil: none
	bulk       *bulkChannel  // nil: none
	// spread divides what is sent over several connections; nil: there is but one.
	spread *spreader

	starting sync.Once
	started  chan struct{} // closed by Start
	receive  func(frames [][]byte)

	lost   chan *conn // from a connection's reader, when the connection has ended
	roam   *roaming
	aside  []*conn // stranded connections; supervise's own
	ctx    context.Context
	cancel context.CancelFunc
	auto   *time.Timer // policy AutoDisconnect; nil without
	wg     sync.WaitGroup

	ending sync.Once
	done   chan struct{}
	err    error // set before done is closed
}

// Info describes a session.
type Info struct {
	// ServerAddr is the address really connected to: a cluster's member after a
	// redirect, or the proxy if there is one. Routes around the tunnel are for this one.
	ServerAddr                  netip.AddrPort
	ServerProduct               string
	ServerVersion, ServerBuild  uint32
	SessionName, ConnectionName string
	// Message is what the hub has to say to the user: plain text, perhaps with
	// several lines, or empty.
	Message                      string
	Policy                       Policy
	Timeout                      time.Duration // silence after which a connection is dead
	CertSHA256                   [32]byte
	TLSVersion, CipherSuite      uint16 // as in crypto/tls
	MaxConnections               int    // granted
	HalfDuplex, QoS, Compression bool   // granted
}

// newSession takes over c, after the welcome w.
func newSession(cfg *settings, c *control, w *welcome) *Session {
	state := c.tls.ConnectionState()
	s := &Session{
		cfg:        cfg,
		key:        w.key,
		leaf:       certificate(c.tls),
		timeout:    w.timeout,
		most:       w.connections,
		half:       w.half,
		compressed: w.compressed,
		started:    make(chan struct{}),
		lost:       make(chan *conn),
		roam:       newRoaming(),
		done:       make(chan struct{}),
	}
	if s.most > 1 {
		s.spread = newSpreader(w.qos)
	}
	_, s.member = cfg.auth.(ticket)
	cfg.auth = nil // no secret stays behind
	cfg.Config.Auth = nil
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.info.Store(&Info{
		ServerAddr:     c.addr,
		ServerProduct:  c.hello.product,
		ServerVersion:  c.hello.version,
		ServerBuild:    c.hello.build,
		SessionName:    w.sessionName,
		ConnectionName: w.connectionName,
		Message:        w.message,
		Policy:         w.policy,
		Timeout:        w.timeout,
		CertSHA256:     sha256.Sum256(s.leaf),
		TLSVersion:     state.Version,
		CipherSuite:    state.CipherSuite,
		MaxConnections: w.connections,
		HalfDuplex:     w.half,
		QoS:            w.qos,
		Compression:    w.compressed,
	})
	cfg.log.Debug("session begins", "server", c.addr, "session", w.sessionName, "timeout", w.timeout)
	if d := w.policy.AutoDisconnect; d > 0 {
		s.auto = time.AfterFunc(d, func() {
			s.end(&Error{Op: "session", Addr: c.addr.String(), Err: &ServerError{Code: CodeAutoDisconnected}})
		})
	}
	s.udp = s.accelerate(c, w.udp)
	s.bulk = s.beside(w.bulk)
	first := c.conn(w.timeout)
	if s.half {
		first.dir = toServer
	}
	s.add(first)
	s.wg.Go(s.supervise)
	return s
}

// Info returns what is known about the session. ServerAddr may change when the
// session is re-attached.
func (s *Session) Info() Info { return *s.info.Load() }

// Start begins to read. receive is called from the session's goroutines, perhaps
// from several at once; the frames are valid until it returns. While it works
// nothing more is read. Only the first call counts.
func (s *Session) Start(receive func(frames [][]byte)) {
	s.starting.Do(func() {
		s.receive = receive
		close(s.started)
	})
}

// Connections returns how many TCP connections the session has at the moment.
func (s *Session) Connections() int { return len(s.pool.all()) }

// Send sends the frames of b and does not keep them. It waits while the network is
// slow, but in a session with several connections only a moment for a single one of
// them. Frames are dropped while the session is detached, and for a connection that
// is behind. The error is that of [Session.Err]: the session is over.
func (s *Session) Send(b *frame.Batch) error {
	select {
	case <-s.done:
		return s.err
	default:
	}
	if b.Len() == 0 {
		return nil
	}
	if s.udp.send(b) || s.bulk.send(b) {
		return nil
	}
	if s.spread != nil {
		s.spread.send(b.Frames(), &s.pool)
		return nil
	}
	if c := s.pool.pick(); c != nil {
		if err := c.sendFrames(b.Message()); err != nil {
			c.failed(err)
		}
	}
	return nil
}

// Done is closed when the session is over for good.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err says why the session is over, and is nil as long as it is not. After
// [Session.Close] it is ErrClosed, unless something else came first.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close ends the session politely, within a second or so, and waits until its
// goroutines have ended. It must not be called by receive or Config.Notify.
func (s *Session) Close() error {
	s.end(ErrClosed)
	s.wg.Wait()
	return nil
}

// end makes the session be over, for the first reason given.
func (s *Session) end(err error) {
	s.ending.Do(func() {
		s.err = err
		close(s.done)
		s.cancel()
	})
}

// add takes a connection into the session.
func (s *Session) add(c *conn) {
	s.udp.follow(c)
	s.bulk.follow(c)
	if s.compressed {
		c.compressed, c.in.expand = true, newExpander()
	}
	if s.spread != nil {
		c.queue = newSendQueue()
		s.wg.Go(c.writeQueued)
	}
	s.pool.add(c)
	if c.dir != fromServer {
		s.wg.Go(c.keepAlive)
	}
	s.wg.Go(func() {
		s.read(c)
		close(c.read)
		select {
		case s.lost <- c:
		case <-s.ctx.Done():
		}
	})
}

// read reads from c, once Start was called, until it has ended.
func (s *Session) read(c *conn) {
	select {
	case <-s.started:
		c.drop(c.readAll(s.receive))
	case <-c.gone:
	}
}

// supervise looks after the connections until the session is over.
func (s *Session) supervise() {
	more := newUpkeep(s)
	for {
		select {
		case <-s.ctx.Done():
			if c := more.stop(); c != nil {
				s.add(c)
			}
			if s.auto != nil {
				s.auto.Stop()
			}
			s.udp.close()
			for _, c := range append(s.pool.all(), s.aside...) {
				s.discard(c, s.err)
			}
			return
		case c := <-s.lost:
			if s.goneAside(c) {
				continue
			}
			s.discard(c, nil)
			if left := s.Connections(); left > 0 {
				if !c.retiring.Load() {
					s.cfg.log.Info("connection lost, the others go on", "server", c.addr, "from", c.raw.LocalAddr(), "direction", c.dir, "error", c.err, "connections", left)
				}
				more.lost(c)
				continue
			}
			if other := more.interrupt(); other != nil {
				s.add(other)
				if !more.set.IsZero() {
					more.arrived(other)
				}
			} else {
				s.detached(c, c.err)
			}
			more.begin()
		case <-s.roam.news:
			if c := more.interrupt(); c != nil {
				s.discard(c, errLeft)
			}
			if last := s.setAside(); s.Connections() > 0 {
				more.walk()
			} else if last != nil {
				s.detached(last, errLeft)
				more.begin()
			}
		case <-more.due.C:
			more.act()
		case a := <-more.attempts:
			more.ended(a)
		}
	}
}

// detached tries to attach the session again after the loss of last, its last connection,
// and ends it otherwise.
func (s *Session) detached(last *conn, why error) {
	if err := s.reattach(last, why); err != nil {
		s.cfg.log.Warn("session is over", "session", s.info.Load().SessionName, "error", err)
		s.end(err)
	}
}

// discard takes c out of the session and closes it in the background.
func (s *Session) discard(c *conn, err error) {
	s.pool.remove(c)
	c.drop(err)
	if s.spread != nil {
		s.spread.forget(c)
	}
	s.wg.Go(func() { c.shutDown(&s.cfg.timing) })
}

// retire closes c in the background, politely and once its frames are sent, while
// others take over.
func (s *Session) retire(c *conn) {
	s.cfg.log.Debug("connection is replaced", "server", c.addr, "from", c.raw.LocalAddr(), "after", time.Since(c.born))
	c.retiring.Store(true)
	s.wg.Go(func() { c.leave(&s.cfg.timing) })
}

func (s *Session) notify(e Event) {
	if s.cfg.Notify != nil {
		s.cfg.Notify(e)
	}
}
