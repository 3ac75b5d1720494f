// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A stream is what frames travel over: a *tls.Conn, or a fake one in tests.
type stream interface {
	net.Conn
	CloseWrite() error
}

// direction is what a connection is for (softether-protocol.md 8.2).
type direction uint8

const (
	bothWays direction = iota
	fromServer
	toServer
)

func (d direction) String() string {
	return [...]string{"both ways", "from server", "to server"}[d]
}

// A conn is one connection of a session in its data phase. Frames are read by one
// goroutine; a second one sends keep-alives. In a session that may have several
// connections a third one writes what is in the queue, else anybody writes. It ends
// by drop, which may be called from everywhere, and then must be shut down.
type conn struct {
	stream  stream
	raw     net.Conn // below stream
	wire    *wire    // between the two; nil: raw is no socket
	addr    netip.AddrPort
	dir     direction
	timeout time.Duration // of the session, both ways
	born    time.Time
	lives   int // re-attachments before this connection in short succession

	compressed bool        // blocks are zlib streams
	queue      *sendQueue  // nil: writes are direct
	share      share       // the spreader's
	retiring   atomic.Bool // another one is to take over
	closing    atomic.Bool // nothing is sent any more
	stranded   atomic.Bool // its ground is gone (roam.go)

	in      *blockReader
	readSet time.Duration // when the read deadline was set, since born
	read    chan struct{} // closed when the reader has returned

	writing  sync.Mutex
	writeSet time.Duration // guarded by writing: when the write deadline was set
	sent     atomic.Int64  // when something was last sent, since born
	queued   atomic.Int64  // bytes of writers that wait or write
	began    atomic.Int64  // when the write under way began, since born; 0: none is

	dropping sync.Once
	gone     chan struct{} // closed by drop
	err      error         // why; set before gone is closed
}

func newConn(st stream, raw net.Conn, addr netip.AddrPort, timeout time.Duration) *conn {
	return &conn{
		stream: st, raw: raw, addr: addr, timeout: timeout, born: time.Now(),
		in: newBlockReader(), read: make(chan struct{}), gone: make(chan struct{}),
	}
}

// conn makes a connection in the data phase of c. What the server has sent behind
// its last Pack is kept.
func (c *control) conn(timeout time.Duration) *conn {
	d := newConn(c.tls, c.raw, c.addr, timeout)
	d.wire, d.in.wire = c.wire, c.wire
	ahead, _ := c.br.Peek(c.br.Buffered())
	d.in.w = copy(d.in.buf, ahead)
	c.raw.SetDeadline(time.Time{})
	tuneSocket(c.raw, timeout)
	return d
}

// slack is how late a time-out may be noticed. In exchange, deadlines are set only
// that often, instead of with every batch.
func (c *conn) slack() time.Duration { return c.timeout / 20 }

// readAll hands batches of frames to receive until the connection ends.
func (c *conn) readAll(receive func(frames [][]byte)) error {
	c.in.progress = true
	c.readSet = -c.slack()
	for {
		// A server sends nothing at all on connections to it, not even keep-alives.
		if c.in.progress && c.dir != toServer {
			if now := time.Since(c.born); now-c.readSet >= c.slack() {
				c.stream.SetReadDeadline(c.born.Add(now + c.timeout + c.slack()))
				c.readSet, c.in.progress = now, false
			}
		}
		// After the deadline: drop closes gone first and then moves the deadline.
		select {
		case <-c.gone:
			return c.err
		default:
		}
		frames, err := c.in.next(c.stream)
		if len(frames) > 0 {
			receive(frames)
		}
		if err != nil {
			return c.lost(err)
		}
	}
}

// write sends one or more whole messages. It waits for its turn and for the
// network, but for each TLS record no longer than the session's time-out.
func (c *conn) write(message []byte) error {
	c.queued.Add(int64(len(message)))
	defer c.queued.Add(-int64(len(message)))
	c.writing.Lock()
	defer c.writing.Unlock()
	defer c.began.Store(0)
	for len(message) > 0 {
		now := time.Since(c.born)
		if c.writeSet == 0 || now-c.writeSet >= c.slack() {
			c.stream.SetWriteDeadline(c.born.Add(now + c.timeout + c.slack()))
			c.writeSet = now
		}
		select {
		case <-c.gone:
			return c.err
		default:
		}
		if c.stranded.Load() { // after the deadline: strand moves it afterwards
			return errLeft
		}
		c.sent.Store(int64(now))
		c.began.Store(int64(now) + 1)
		n := min(len(message), tlsRecord)
		if c.wire != nil && len(message) > tlsRecord && !c.wire.congested() {
			n = min(len(message), maxRecords*tlsRecord)
		}
		if err := c.put(message[:n]); err != nil {
			return c.lost(err)
		}
		message = message[n:]
	}
	return nil
}

// put hands b to TLS; several records, to the kernel, in one write.
func (c *conn) put(b []byte) error {
	if len(b) <= tlsRecord || c.wire == nil {
		_, err := c.stream.Write(b)
		return err
	}
	c.wire.hold()
	_, err := c.stream.Write(b)
	return cmp.Or(err, c.wire.flush())
}

// tlsRecord is how much a TLS record carries (RFC 8446 5.1). That is what is handed
// over at once, so that a slow network has the time-out for each record, and
// maxRecords of them while the network takes all at once.
const (
	tlsRecord  = 16 << 10
	maxRecords = 5
)

// hangAfter is how long one write may take before flows look for another connection.
const hangAfter = time.Second

// hangs reports whether the network has taken nothing for a while.
func (c *conn) hangs() bool {
	if began := c.began.Load(); began > 0 && time.Since(c.born)-time.Duration(began) > hangAfter {
		return true
	}
	return unacknowledged(c.raw)
}

// alive is false once the connection has ended.
func (c *conn) alive() bool {
	select {
	case <-c.gone:
		return false
	default:
		return !c.closing.Load()
	}
}

// sends reports whether frames may be sent on the connection.
func (c *conn) sends() bool { return c.dir != fromServer && c.alive() }

// writeQueued writes what is in the queue until the connection ends.
func (c *conn) writeQueued() {
	for {
		for m := c.queue.take(); m != nil; m = c.queue.take() {
			if err := c.sendFrames(m); err != nil {
				c.failed(err)
				return
			}
		}
		select {
		case <-c.queue.wake:
		case <-c.gone:
			return
		}
	}
}

// lost says in our words why the connection does not go on.
func (c *conn) lost(err error) error {
	switch {
	case errors.Is(err, ErrMalformed):
		return err
	case isTimeout(err):
		return fmt.Errorf("%w: silent for %v: %w", ErrLost, c.timeout, ErrTimeout)
	case errors.Is(err, io.EOF):
		return errServerClosed
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// drop ends the connection for the reason err, unless it has ended already. It
// does not wait.
func (c *conn) drop(err error) {
	c.dropping.Do(func() {
		c.err = err
		close(c.gone)
		c.stream.SetReadDeadline(time.Unix(1, 0))
	})
}

// failed drops a connection that could not be written to, unless it is stranded and only
// read from any more.
func (c *conn) failed(err error) {
	if !c.stranded.Load() {
		c.drop(err)
	}
}

// errServerClosed ends a connection that the server has closed.
var errServerClosed = fmt.Errorf("%w: closed by the server", ErrLost)

// errReplaced ends a connection that has reached its lifetime.
var errReplaced = fmt.Errorf("%w: replaced by a newer one", ErrLost)

// leave says goodbye once the queue is empty, and goes on reading until the server
// has done the same, so that what it has sent is not lost. At worst it takes t.flush
// and t.closing, and drops the connection.
func (c *conn) leave(t *timing) {
	const look = 5 * time.Millisecond
	for until := time.Now().Add(t.flush); c.queue != nil && !c.queue.idle() && time.Now().Before(until); {
		select {
		case <-c.gone:
			return
		case <-time.After(look):
		}
	}
	c.closing.Store(true)
	if c.queue != nil {
		c.queue.close()
	}
	force := time.AfterFunc(t.closing, func() { c.drop(errReplaced) })
	defer force.Stop()
	if c.writing.TryLock() {
		err := c.stream.CloseWrite()
		c.writing.Unlock()
		if err == nil {
			<-c.gone
			return
		}
	}
	c.drop(errReplaced)
}

// shutDown closes a dropped connection politely, within t.closing. It waits for
// the server's close_notify a little, as closing a socket with unread data resets
// the connection, and a reset may overtake our own close_notify.
func (c *conn) shutDown(t *timing) {
	force := time.AfterFunc(t.closing, func() { c.raw.Close() })
	defer force.Stop()
	c.stream.SetWriteDeadline(time.Now().Add(t.closing))
	c.writing.Lock()
	err := c.stream.CloseWrite()
	c.writing.Unlock()
	wait := time.NewTimer(t.closing)
	defer wait.Stop()
	select {
	case <-c.read:
		if err == nil {
			c.drain(time.Now().Add(t.drain))
		}
	case <-wait.C:
	}
	c.stream.Close()
}

func (c *conn) drain(until time.Time) {
	c.stream.SetReadDeadline(until)
	for {
		if _, err := c.stream.Read(c.in.buf); err != nil {
			return
		}
	}
}
