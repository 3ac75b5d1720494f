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

const (
	// batch is how many datagrams are taken before they are acknowledged.
	batch = Window
	// maxErrors is how many times in a row receiving may fail. The network
	// reports lost datagrams that way, too.
	maxErrors = 100
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
	fault    error // of the carrier: why the connection is over
	lastSend error // of Send; told when connecting fails
	rd, wr   deadline
	buf      []byte    // for sending
	armed    time.Time // the carrier's read deadline
	pulse    time.Time // when the carrier's next pulse is due; zero: never
	bulk     *bulkWay  // nil: none
	closing  sync.Once
}

var _ net.Conn = (*Conn)(nil)

// Dial connects to the other side of carrier, as a client. It takes over the
// carrier, and closes it when it fails. If ctx ends first, the error is that of ctx.
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
	c := &Conn{carrier: carrier, born: time.Now(), ended: make(chan struct{}), ep: ep,
		buf: make([]byte, carrier.Headroom()+MaxDatagram), pulse: time.Now()}
	c.rd.cond.L, c.wr.cond.L = &c.mu, &c.mu
	c.mu.Lock()
	c.pump()
	c.mu.Unlock()
	go c.run()
	return c
}

func (c *Conn) now() time.Duration { return time.Since(c.born) }

// over is why the connection is over, or nil.
func (c *Conn) over() error {
	if c.fault != nil {
		return c.fault
	}
	return c.ep.Err()
}

// run receives until the connection is over. The carrier's read deadline is the
// clock of the endpoint.
func (c *Conn) run() {
	defer close(c.ended)
	buf := make([]byte, 2048)
	errs := 0
	for {
		b, err := c.carrier.Receive(buf, true)
		c.mu.Lock()
		way := c.bulk
		news := err != nil // perhaps the time has come for something
		for n := 0; err == nil; n++ {
			errs = 0
			if c.ep.Receive(c.now(), b) {
				news = true
				c.carrier.Confirm()
			} else if way.take(b) {
				c.carrier.Confirm()
			}
			if n == batch {
				break
			}
			b, err = c.carrier.Receive(way.room(buf), false)
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			news = true
			errs++
			if !c.ep.Established() || errs > maxErrors || errors.Is(err, net.ErrClosed) {
				c.fault = err
			}
		}
		c.pump()
		done := c.ep.Done() || c.fault != nil
		if news || done {
			c.rd.cond.Broadcast()
			c.wr.cond.Broadcast()
		}
		c.mu.Unlock()
		way.deliver()
		if done {
			return
		}
	}
}

// pump sends what is to be sent now and sees to it that run wakes up in time.
func (c *Conn) pump() {
	if c.fault != nil {
		return
	}
	now := time.Now()
	if !c.pulse.IsZero() && !now.Before(c.pulse) {
		c.pulse = c.carrier.Pulse(now)
	}
	head := c.carrier.Headroom()
	for {
		n := c.ep.Next(c.now(), c.buf[head:])
		if n == 0 {
			break
		}
		c.lastSend = c.carrier.Send(c.buf[:head+n])
	}
	var wake time.Time
	if t := c.ep.Timer(); t != never {
		wake = c.born.Add(t)
	}
	if c.ep.Done() {
		wake = time.Unix(1, 0) // run is to end
	} else if wake.IsZero() || !c.pulse.IsZero() && c.pulse.Before(wake) {
		wake = c.pulse
	}
	// Waking up too early does no harm, and saves most of these calls.
	if c.armed.IsZero() || !c.armed.After(now) || !wake.IsZero() && wake.Before(c.armed) {
		c.armed = wake
		c.carrier.SetReadDeadline(wake)
	}
}

// Read waits for bytes, the end ([io.EOF]) or the deadline.
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

// Write waits until all of p is on its way or next in line.
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

// Close ends the connection. What was written before is delivered, unless that
// takes longer than half a second; meanwhile Close waits.
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

// SetReadDeadline bounds the waiting of present and future Reads.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.rd, t) }

// SetWriteDeadline bounds the waiting of present and future Writes.
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

// LocalAddr and RemoteAddr are those of the carrier.
func (c *Conn) LocalAddr() net.Addr  { return c.carrier.LocalAddr() }
func (c *Conn) RemoteAddr() net.Addr { return c.carrier.RemoteAddr() }

func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "rudp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
