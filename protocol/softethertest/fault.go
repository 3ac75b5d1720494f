// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"net"
	"sync/atomic"
	"time"

	"network-manager-softether/protocol/pack"
)

// A Step is a point at which a server can misbehave.
type Step int

// The steps of a connection.
const (
	StepAccept Step = iota // TCP is there, TLS is not
	StepHello              // the signature was right; Reply is the hello
	StepLogin              // Reply is the welcome, a redirect or an error
	StepAttach             // Reply is the answer to additional_connect
	StepData               // the tunnel is open
)

// An Exchange is what a fault can work with.
type Exchange struct {
	Step    Step
	Server  *Server
	Session *ServerSession  // in StepData only
	Conn    net.Conn        // what the client talks with: TLS, in StepAccept plain TCP
	Reply   *pack.Pack      // the regular answer, to change or replace; nil in StepAccept and StepData
	Login   *pack.Pack      // what the client sent last; nil before it sent any
	Done    <-chan struct{} // closed when the server closes

	raw *watchedConn
}

// A Fault misbehaves at one step of a connection. It reports whether the server should continue as usual,
// with what is in Reply by then; otherwise the connection is closed without close_notify. It may block until
// Conn fails or Done is closed.
type Fault func(x *Exchange) bool

// fault runs the fault set for the step of x, if there is one.
func (c *conn) fault(x *Exchange) bool {
	f := c.srv.settings().faults[x.Step]
	if f == nil {
		return true
	}
	x.Server, x.Done, x.raw = c.srv, c.srv.done, c.raw
	c.note(func(r *Record) {
		if n := len(r.Packs); n > 0 {
			x.Login = r.Packs[n-1]
		}
	})
	c.raw.SetDeadline(time.Time{})
	proceed := f(x)
	if !proceed && x.Step == StepAccept {
		c.lingerClose()
	}
	return proceed
}

// lingerClose closes for writing and keeps reading for a while: closing with the client's TLS hello unread
// would reset the connection and lose what was sent.
func (c *conn) lingerClose() {
	if tcp, ok := c.raw.Conn.(*net.TCPConn); ok && tcp.CloseWrite() == nil {
		tcp.SetReadDeadline(time.Now().Add(closePatience))
		drain(tcp)
	}
}

// Write sends b on the connection as it is and reports whether that succeeded.
func (x *Exchange) Write(b []byte) bool {
	x.Conn.SetWriteDeadline(time.Now().Add(faultPatience))
	_, err := x.Conn.Write(b)
	return err == nil
}

// WriteHTTP sends a whole answer with the given status line and content type.
func (x *Exchange) WriteHTTP(status, contentType string, body []byte) bool {
	return x.Write(response(status, contentType, body))
}

// faultPatience bounds a single write of a fault.
const faultPatience = 10 * time.Second

// WaitClosed waits until the client or the server closes the connection.
func (x *Exchange) WaitClosed() { drain(x.Conn) }

// marshal returns the regular answer in bytes.
func (x *Exchange) marshal() []byte {
	if x.Reply == nil {
		return nil
	}
	b, err := x.Reply.Marshal()
	if err != nil {
		panic(err) // the server built it itself
	}
	return b
}

// Times limits f to the first n exchanges.
func Times(n int, f Fault) Fault {
	var count atomic.Int64
	return func(x *Exchange) bool { return count.Add(1) > int64(n) || f(x) }
}

// After lets n exchanges succeed before f.
func After(n int, f Fault) Fault {
	var count atomic.Int64
	return func(x *Exchange) bool { return count.Add(1) <= int64(n) || f(x) }
}
