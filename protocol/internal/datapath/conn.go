// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"cmp"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A Direction is what a connection is for (softether-protocol.md 8.2).
type Direction uint8

const (
	BothWays Direction = iota
	FromServer
	ToServer
)

func (d Direction) String() string {
	return [...]string{"both ways", "from server", "to server"}[d]
}

// A Link is what a connection consists of. It does not change.
type Link struct {
	Stream    Stream   // what frames travel over
	Raw       net.Conn // below Stream
	Wire      *Wire    // between the two; nil: Raw is not a socket
	Addr      netip.AddrPort
	Direction Direction
}

// A Stream is a *tls.Conn, or a fake one in tests.
type Stream interface {
	net.Conn
	CloseWrite() error
}

// A Conn is one connection of a session in its data phase. One goroutine reads frames, a second one sends
// keep-alives. In a session that may have several connections, a third one writes what is in the queue;
// otherwise every sender writes. A Conn ends by drop, which may be called from anywhere, and must then be
// shut down.
type Conn struct {
	Link
	Born time.Time

	timeout    time.Duration // of the session, both ways
	compressed bool          // blocks are zlib streams
	queue      *sendQueue    // nil: writes are direct
	share      share         // the spreader's
	retiring   atomic.Bool   // another connection takes over
	closing    atomic.Bool   // nothing is sent any more
	stranded   atomic.Bool   // the network below it is gone

	in      *blockReader
	readSet time.Duration // when the read deadline was last set, since Born
	read    chan struct{} // closed when the reader has returned

	writing  sync.Mutex
	writeSet time.Duration // guarded by writing: when the write deadline was last set
	sent     atomic.Int64  // when something was last sent, since Born
	queued   atomic.Int64  // bytes that writers are writing or waiting to write
	began    atomic.Int64  // when the write under way began, since Born; 0: none is under way

	stir chan<- struct{} // see Config.Stir
	calm atomic.Bool     // stir is told of the next send

	dropping sync.Once
	gone     chan struct{} // closed by drop
	err      error         // why; set before gone is closed
}

// NewConn returns a connection that starts its data phase, in a session with this time-out. ahead is what has
// already been read from the stream.
func NewConn(l Link, ahead []byte, timeout time.Duration) *Conn {
	c := &Conn{
		Link: l, timeout: timeout, Born: time.Now(),
		in: newBlockReader(), read: make(chan struct{}), gone: make(chan struct{}),
	}
	c.in.wire = l.Wire
	c.in.w = copy(c.in.buf, ahead)
	tuneSocket(l.Raw, timeout)
	return c
}

// Alive reports whether the connection has neither ended nor is being closed.
func (c *Conn) Alive() bool {
	select {
	case <-c.gone:
		return false
	default:
		return !c.closing.Load()
	}
}

// Retiring reports whether another connection takes over.
func (c *Conn) Retiring() bool { return c.retiring.Load() }

// Gone returns a channel that is closed when the connection has ended.
func (c *Conn) Gone() <-chan struct{} { return c.gone }

// Err returns why the connection has ended. It may be called once Gone is closed.
func (c *Conn) Err() error { return c.err }

// slack is how late a time-out may be noticed. In exchange, deadlines are set only that often instead of with
// every batch.
func (c *Conn) slack() time.Duration { return c.timeout / 20 }

// readAll passes batches of frames to receive until the connection ends.
func (c *Conn) readAll(receive func(frames [][]byte)) error {
	c.in.progress = true
	c.readSet = -c.slack()
	for {
		// A server sends nothing at all on connections in the other direction, not even keep-alives.
		if c.in.progress && c.Direction != ToServer {
			if now := time.Since(c.Born); now-c.readSet >= c.slack() {
				c.Stream.SetReadDeadline(c.Born.Add(now + c.timeout + c.slack()))
				c.readSet, c.in.progress = now, false
			}
		}
		// Checked after the deadline is set: drop closes gone first and sets its own deadline then.
		select {
		case <-c.gone:
			return c.err
		default:
		}
		frames, err := c.in.next(c.Stream)
		if len(frames) > 0 {
			receive(frames)
		}
		if err != nil {
			return c.lost(err)
		}
	}
}

// sendRecords sends one or more whole messages. It waits for its turn and for the network, but for each TLS
// record no longer than the session's time-out.
func (c *Conn) sendRecords(message []byte) error {
	c.queued.Add(int64(len(message)))
	defer c.queued.Add(-int64(len(message)))
	c.writing.Lock()
	defer c.writing.Unlock()
	defer c.began.Store(0)
	for len(message) > 0 {
		now := time.Since(c.Born)
		if c.writeSet == 0 || now-c.writeSet >= c.slack() {
			c.Stream.SetWriteDeadline(c.Born.Add(now + c.timeout + c.slack()))
			c.writeSet = now
		}
		select {
		case <-c.gone:
			return c.err
		default:
		}
		if c.stranded.Load() { // checked after the deadline is set: strand sets its own afterwards
			return ErrLeft
		}
		c.sent.Store(int64(now))
		c.began.Store(int64(now) + 1)
		c.stirred()
		n := min(len(message), tlsRecord)
		if c.Wire != nil && len(message) > tlsRecord && !c.Wire.congested() {
			n = min(len(message), maxRecords*tlsRecord)
		}
		if err := c.encrypt(message[:n]); err != nil {
			return c.lost(err)
		}
		message = message[n:]
	}
	return nil
}

// encrypt passes b to TLS; several records go to the kernel in one call.
func (c *Conn) encrypt(b []byte) error {
	if len(b) <= tlsRecord || c.Wire == nil {
		_, err := c.Stream.Write(b)
		return err
	}
	c.Wire.hold()
	_, err := c.Stream.Write(b)
	return cmp.Or(err, c.Wire.flush())
}

// tlsRecord is how much a TLS record holds (RFC 8446 5.1). That much is passed on at once, so that a slow
// network has the time-out for each record, and maxRecords of them while the network keeps up.
const (
	tlsRecord  = 16 << 10
	maxRecords = 5
)

// hangAfter is how long one write may take before flows look for another connection.
const hangAfter = time.Second

// hangs reports whether the network has accepted nothing for a while.
func (c *Conn) hangs() bool {
	if began := c.began.Load(); began > 0 && time.Since(c.Born)-time.Duration(began) > hangAfter {
		return true
	}
	return unacknowledged(c.Raw)
}

// sends reports whether frames may be sent on the connection.
func (c *Conn) sends() bool { return c.Direction != FromServer && c.Alive() }

// writeQueued writes what is in the queue until the connection ends.
func (c *Conn) writeQueued() {
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
