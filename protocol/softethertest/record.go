// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"

	"network-manager-softether/protocol/pack"
)

// A Record is what has happened on one TCP connection.
type Record struct {
	RemoteAddr  net.Addr
	TLS         *tls.ConnectionState // nil: no handshake was completed
	SignatureOK bool
	Packs       []*pack.Pack // all the client sent, in their order
	End         End
}

// An End is how a connection was ended.
type End string

// The ends. Only those in which the client acted first tell something about it.
const (
	EndOpen     End = ""         // it lives
	EndPolite   End = "polite"   // the client sent close_notify
	EndAbrupt   End = "abrupt"   // the client sent FIN or RST, without close_notify
	EndByServer End = "server"   // the server closed it, as told to
	EndViolated End = "violated" // the client broke the protocol
	EndSilent   End = "silent"   // the client sent nothing for too long
)

// Records returns a copy of what has happened on each TCP connection so far.
func (s *Server) Records() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Record, len(s.records))
	for i, r := range s.records {
		all[i] = *r
		all[i].Packs = append([]*pack.Pack(nil), r.Packs...)
	}
	return all
}

// Logins returns the login packs received so far, in their order.
func (s *Server) Logins() []*pack.Pack {
	var logins []*pack.Pack
	for _, r := range s.Records() {
		for _, p := range r.Packs {
			if foldASCII(p.Str("method")) == "login" {
				logins = append(logins, p)
			}
		}
	}
	return logins
}

// note changes a record under the server's lock.
func (c *conn) note(f func(*Record)) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	f(c.rec)
}

// A watchedConn remembers whether the stream below TLS has ended: crypto/tls
// reports a bare FIN as io.EOF, just like a close_notify.
type watchedConn struct {
	net.Conn
	ended atomic.Bool
}

func (w *watchedConn) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err != nil && !isTimeout(err) {
		w.ended.Store(true)
	}
	return n, err
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// endOf determines from the error of a read how the connection ended.
func (c *conn) endOf(err error) End {
	switch {
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe), errors.Is(err, errOver):
		return EndByServer
	case isTimeout(err):
		return EndSilent
	case errors.Is(err, errViolation):
		return EndViolated
	case errors.Is(err, io.EOF) && !c.raw.ended.Load():
		return EndPolite
	default:
		return EndAbrupt
	}
}
