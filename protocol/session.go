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
	"network-manager-softether/protocol/internal/datapath"
)

// A Session is one login at a Virtual Hub: a port of its switch. All methods are
// safe for concurrent use, but see [Session.Close].
type Session struct {
	dialer *dialer
	key    [keyLen]byte
	leaf   []byte // the certificate that every connection of the session must present, DER
	// member: a redirect gave the address; there is no name to look up again.
	member     bool
	timeout    time.Duration
	most       int  // connections granted
	half       bool // each in one direction only
	compressed bool // every frame is compressed
	info       atomic.Pointer[Info]
	tcp        *datapath.Bundle
	udp        *acceleration // nil: none
	bulk       *bulkChannel  // nil: none

	receiver *datapath.Receiver

	lost chan *datapath.Conn // from a connection's reader, when the connection has ended
	roam *roaming
	stir chan struct{} // capacity 1: something is sent after a pause
	// revived is the connection of the last re-attachment, which followed on others that were short-lived;
	// supervise's own.
	revived *datapath.Conn
	lives   int
	aside   []*datapath.Conn // stranded connections; supervise's own
	ctx     context.Context
	cancel  context.CancelFunc
	auto    *time.Timer // policy AutoDisconnect; nil without
	wg      sync.WaitGroup

	telling sync.Mutex // held while Config.Notify is called

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
	// Message is what the hub has to tell the user: plain text, perhaps of several lines, or empty.
	Message                      string
	Policy                       Policy
	Timeout                      time.Duration // silence after which a connection is dead
	CertSHA256                   [32]byte
	TLSVersion, CipherSuite      uint16 // as in crypto/tls
	MaxConnections               int    // granted
	HalfDuplex, QoS, Compression bool   // granted
}

// newSession makes a session of c, after the welcome w.
func newSession(d *dialer, c *control, w *welcome) *Session {
	state := c.tls.ConnectionState()
	s := &Session{
		dialer:     d,
		key:        w.key,
		leaf:       certificate(c.tls),
		timeout:    w.timeout,
		most:       w.connections,
		half:       w.half,
		compressed: w.compressed,
		receiver:   datapath.NewReceiver(),
		lost:       make(chan *datapath.Conn),
		roam:       newRoaming(),
		stir:       make(chan struct{}, 1),
		done:       make(chan struct{}),
	}
	_, s.member = d.auth.(ticket)
	d.auth = nil // no secret stays behind
	d.Config.Auth = nil
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
	d.log.Debug("session begins", "server", c.addr, "session", w.sessionName, "timeout", w.timeout)
	if d := w.policy.AutoDisconnect; d > 0 {
		s.auto = time.AfterFunc(d, func() {
			s.end(&Error{Op: "session", Addr: c.addr.String(), Err: &ServerError{Code: CodeAutoDisconnected}})
		})
	}
	s.udp = s.accelerate(c, w.udp)
	s.bulk = s.newBulkChannel(w.bulk)
	s.tcp = datapath.New(datapath.Config{
		Several: s.most > 1, QoS: w.qos, Compressed: s.compressed,
		Receiver:  s.receiver,
		Waits:     datapath.Waits{Flush: d.flush, Closing: d.closing, Drain: d.drain},
		KeepAlive: s.udp.heard, Ended: s.ended, Stir: s.stir,
	})
	dir := datapath.BothWays
	if s.half {
		dir = datapath.ToServer
	}
	s.add(c.conn(w.timeout, dir))
	s.wg.Go(s.supervise)
	s.wg.Go(s.watchSilence)
	return s
}

// Info returns what is known about the session. ServerAddr may change when the
// session is re-attached.
func (s *Session) Info() Info { return *s.info.Load() }

// Start begins to read. receive is called from the session's goroutines, perhaps from several at once; the
// frames are valid until it returns. While it runs, nothing more is read. Only the first call counts.
func (s *Session) Start(receive func(frames [][]byte)) {
	s.receiver.Start(receive)
}

// Connections returns how many TCP connections the session has at the moment.
func (s *Session) Connections() int { return len(s.tcp.Conns()) }

// A batch takes the first of these ways that carries it:
//
//	udp   UDP acceleration, while it is the better way     udp.go, package udpaccel
//	bulk  datagrams beside the stream, over R-UDP          bulk.go, package rudp/bulk
//	tcp   the session's connections                        package internal/datapath
//	        one:      compressed if agreed, records, kernel
//	        several:  per flow a queue, whose writer does the same
//
// A batch is not divided between them, but where UDP does not carry long frames: their flows go by the next way (udpfork.go).

// Send sends the frames of b and does not keep them. It blocks while the network is slow, but in a session
// with several connections only briefly for any single one of them. Frames are dropped while the session is
// detached, and for a connection that has fallen behind. An error means that the session is over; it is that
// of [Session.Err].
func (s *Session) Send(b *frame.Batch) error {
	select {
	case <-s.done:
		return s.err
	default:
	}
	if b.Len() == 0 {
		return nil
	}
	if !s.udp.send(b) && !s.bulk.send(b) {
		s.tcp.Send(b)
	}
	return nil
}

// Done returns a channel that is closed when the session is over for good.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns why the session is over, nil while it is not. After [Session.Close] it is ErrClosed, unless
// something else came first.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close ends the session politely, within a second or so, and waits for its goroutines to end. It must not be
// called from receive or Config.Notify.
func (s *Session) Close() error {
	s.end(ErrClosed)
	s.wg.Wait()
	return nil
}

// end ends the session. Only the first reason given counts.
func (s *Session) end(err error) {
	s.ending.Do(func() {
		s.err = err
		close(s.done)
		s.cancel()
	})
}

func (s *Session) notify(e Event) {
	if s.dialer.Notify != nil {
		s.telling.Lock()
		defer s.telling.Unlock()
		s.dialer.Notify(e)
	}
}
