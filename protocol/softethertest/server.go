// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A Server is a running SoftEther server.
type Server struct {
	ln   net.Listener
	leaf *x509.Certificate
	tls  *tls.Config
	done chan struct{} // closed by Close
	wg   sync.WaitGroup
	news chan *ServerSession

	mu       sync.Mutex
	closed   bool
	set      settings
	conns    map[*conn]bool
	sessions map[[keyLen]byte]*ServerSession
	tickets  map[[keyLen]byte]ticket
	records  []*Record
	lastID   int
	gate     gate
}

const keyLen = 20 // of session keys, tickets, randoms and hashes

// NewServer starts a server. Without [WithHub] it has the hub TEST with the users
// alice, whose password is secret1, and anon, who needs none.
func NewServer(opts ...Option) *Server {
	set := defaults()
	set.apply(opts)
	s := &Server{
		ln:       set.listener,
		done:     make(chan struct{}),
		news:     make(chan *ServerSession, 256),
		set:      set,
		conns:    make(map[*conn]bool),
		sessions: make(map[[keyLen]byte]*ServerSession),
		tickets:  make(map[[keyLen]byte]ticket),
	}
	if s.ln == nil {
		ln, err := net.Listen("tcp", set.addr)
		if err != nil {
			panic(fmt.Sprintf("softethertest: listen: %v", err))
		}
		s.ln = ln
	}
	cert := selfSigned(s.ln.Addr())
	if set.cert != nil {
		cert = *set.cert
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		panic(fmt.Sprintf("softethertest: certificate: %v", err))
	}
	s.leaf = leaf
	s.tls = &tls.Config{
		Certificates: []tls.Certificate{cert},
		// As OpenSSL, which always fills its records.
		DynamicRecordSizingDisabled: true,
	}
	_, s.tls.SessionTicketsDisabled = s.ln.(*Pipe)
	if set.tls != nil {
		set.tls(s.tls)
	}
	s.wg.Add(1)
	go s.accept()
	return s
}

func (s *Server) accept() {
	defer s.wg.Done()
	for {
		raw, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			raw.Close()
			return
		}
		if s.set.new502 && !s.gate.admits(visitorOf(raw), s.connsOf(visitorOf(raw)), time.Now()) {
			s.mu.Unlock()
			raw.Close()
			continue
		}
		c := &conn{srv: s, raw: &watchedConn{Conn: raw}, number: len(s.records), rec: &Record{RemoteAddr: raw.RemoteAddr()}}
		s.conns[c] = true
		s.records = append(s.records, c.rec)
		s.wg.Add(1)
		s.mu.Unlock()
		go func() {
			defer s.wg.Done()
			c.serve()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		}()
	}
}

// connsOf counts the connections of a visitor. The caller holds s.mu.
func (s *Server) connsOf(visitor string) int {
	n := 0
	for c := range s.conns {
		if visitorOf(c.raw) == visitor {
			n++
		}
	}
	return n
}

// Addr returns "host:port" of the listener.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// AddrPort returns the listener's address; it is invalid if that is not TCP.
func (s *Server) AddrPort() netip.AddrPort {
	a, _ := s.ln.Addr().(*net.TCPAddr)
	if a == nil {
		return netip.AddrPort{}
	}
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// Host returns the listener's address without the port.
func (s *Server) Host() string { return s.AddrPort().Addr().String() }

// Port returns the listener's port.
func (s *Server) Port() uint16 { return s.AddrPort().Port() }

// Cert returns the server's certificate.
func (s *Server) Cert() *x509.Certificate { return s.leaf }

// CertPool returns a pool of the server's certificate alone. A self-signed one
// verifies against it for localhost, 127.0.0.1, ::1, vpn.example and the address of the listener.
func (s *Server) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.leaf)
	return pool
}

// Set applies options to the running server. They take effect with the next step of every connection; those
// about the listener and TLS come too late.
func (s *Server) Set(opts ...Option) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.set
	set.hubs = maps.Clone(set.hubs)
	set.faults = maps.Clone(set.faults)
	set.apply(opts)
	s.set = set
}

func (s *Server) settings() settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set
}

// Session waits for the next session that was not returned before.
func (s *Server) Session(ctx context.Context) (*ServerSession, error) {
	select {
	case sess := <-s.news:
		return sess, nil
	case <-s.done:
		return nil, errors.New("softethertest: the server is closed")
	case <-ctx.Done():
		return nil, fmt.Errorf("softethertest: no session: %w", context.Cause(ctx))
	}
}

// Sessions returns the present sessions, including lingering ones, oldest first.
func (s *Server) Sessions() []*ServerSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Collect(maps.Values(s.sessions))
	slices.SortFunc(all, func(a, b *ServerSession) int { return a.id - b.id })
	return all
}

// Close ends all sessions politely, closes everything else and waits until all
// goroutines are gone.
func (s *Server) Close() { s.close(Polite) }

// Crash is Close without a word to any client, as if the process had been killed.
func (s *Server) Crash() { s.close(Abrupt) }

func (s *Server) close(how Cut) {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	if first {
		s.ln.Close()
		for _, sess := range s.Sessions() {
			sess.end(how)
		}
		close(s.done)
		for _, c := range conns {
			c.raw.Close()
		}
	}
	s.wg.Wait()
}
