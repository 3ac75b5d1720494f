// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A Conn is a stream over a [Carrier]: a [net.Conn]. All methods are safe for
// concurrent use.
type Conn struct {
	carrier Carrier
	born    time.Time
	ended   chan struct{} // closed when the goroutine has ended

	mu       sync.Mutex
	ep       *Endpoint
	closed   bool  // by Close
	fault    error // of the carrier; why the connection is over
	lastSend error // of Send; reported when connecting fails
	rd, wr   deadline
	buf      []byte    // for sending
	armed    time.Time // the carrier's read deadline
	pulse    time.Time // when the carrier's next pulse is due; zero: never
	bulk     *bulkWay  // nil: none
	closing  sync.Once
}

var _ net.Conn = (*Conn)(nil)

// Dial connects to the peer of carrier, as a client. It takes over the carrier, and closes it on failure. If
// ctx ends first, the error is that of ctx.
func Dial(ctx context.Context, carrier Carrier, masked bool) (*Conn, error) {
	c := start(carrier, NewClient(masked, seed()))
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.rd.cond.Broadcast()
	})
	c.mu.Lock()
	for !c.ep.Established() && c.over() == nil && ctx.Err() == nil {
		c.rd.cond.Wait()
	}
	ok, err, lastSend := c.ep.Established() && ctx.Err() == nil, c.over(), c.lastSend
	c.mu.Unlock()
	stop()
	if ok {
		return c, nil
	}
	c.Close()
	if err == nil {
		err = ctx.Err()
		if lastSend != nil {
			err = fmt.Errorf("%w; sending fails: %w", err, lastSend)
		}
	}
	return nil, c.opError("dial", err)
}

// Accept answers the connect request with that initial key, as a server.
func Accept(carrier Carrier, initial [20]byte, masked bool) *Conn {
	return start(carrier, NewServer(initial, masked, seed()))
}

func seed() (s [32]byte) {
	rand.Read(s[:])
	return s
}

func start(carrier Carrier, ep *Endpoint) *Conn {
	c := &Conn{
		carrier: carrier, born: time.Now(), ended: make(chan struct{}), ep: ep,
		buf: make([]byte, carrier.Headroom()+MaxDatagram), pulse: time.Now(),
	}
	c.rd.cond.L, c.wr.cond.L = &c.mu, &c.mu
	c.mu.Lock()
	c.pump()
	c.mu.Unlock()
	go c.run()
	return c
}

func (c *Conn) now() time.Duration { return time.Since(c.born) }

// over returns why the connection is over, or nil.
func (c *Conn) over() error {
	if c.fault != nil {
		return c.fault
	}
	return c.ep.Err()
}

// Read blocks until there are bytes, the end ([io.EOF]) or the deadline.
func (c *Conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, c.opError("read", net.ErrClosed)
		case c.rd.expired:
			return 0, c.opError("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		}
		if n := c.ep.Read(p); n > 0 {
			c.pump()
			return n, nil
		}
		if err := c.over(); err == io.EOF {
			return 0, io.EOF
		} else if err != nil {
			return 0, c.opError("read", err)
		}
		c.rd.cond.Wait()
	}
}

// Write blocks until all of p is on its way or next in line.
func (c *Conn) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch over := c.over(); {
		case c.closed:
			return n, c.opError("write", net.ErrClosed)
		case c.wr.expired:
			return n, c.opError("write", os.ErrDeadlineExceeded)
		case over == io.EOF:
			return n, c.opError("write", errHungUp)
		case over != nil:
			return n, c.opError("write", over)
		}
		m := c.ep.Write(p[n:])
		n += m
		if m > 0 {
			c.pump()
		}
		if n == len(p) {
			return n, nil
		}
		if m == 0 {
			c.wr.cond.Wait()
		}
	}
}

var errHungUp = errors.New("closed by the other side")

// Close ends the connection. What was written before is still delivered, unless that takes longer than half a
// second; meanwhile Close blocks.
func (c *Conn) Close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		c.rd.set(time.Time{})
		c.wr.set(time.Time{})
		c.ep.Close(c.now())
		c.pump()
		c.rd.cond.Broadcast()
		c.wr.cond.Broadcast()
	}
	c.mu.Unlock()
	<-c.ended
	c.closing.Do(func() { c.carrier.Close() })
	return nil
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.setDeadline(&c.rd, t), c.setDeadline(&c.wr, t))
}

// SetReadDeadline bounds present and future Reads.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.rd, t) }

// SetWriteDeadline bounds present and future Writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.wr, t) }

func (c *Conn) setDeadline(d *deadline, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opError("set", net.ErrClosed)
	}
	d.set(t)
	return nil
}

// Hearing reports what the kernel would know of a TCP connection: whether something sent has not been acknowledged,
// whether it has been retransmitted twice, and how long ago anything was received.
func (c *Conn) Hearing() (unacked, overdue bool, quiet time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	unacked, overdue = c.ep.out.waits()
	return unacked, overdue, c.now() - c.ep.heardAt
}

// LocalAddr returns the carrier's.
func (c *Conn) LocalAddr() net.Addr { return c.carrier.LocalAddr() }

// RemoteAddr returns the carrier's.
func (c *Conn) RemoteAddr() net.Addr { return c.carrier.RemoteAddr() }

func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "rudp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
