// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"sync"

	"network-manager-softether/frame"
)

// Config is what the connections of a session have in common.
type Config struct {
	Several    bool // there may be more than one connection
	QoS        bool // one of several is for urgent frames
	Compressed bool // every frame is compressed
	Waits      Waits
	Receiver   *Receiver

	// KeepAlive is told the payload of each keep-alive that is received, valid until it
	// returns; nil: nobody is.
	KeepAlive func(payload []byte)
	// Stir, of capacity 1, receives when something is sent over a new connection, or over one that was calm,
	// see [Bundle.Calm]; nil: nobody is told.
	Stir chan<- struct{}
	// Ended is called by a connection's own goroutine when the connection has ended. The connection stays in
	// the bundle until it is removed.
	Ended func(*Conn)
}

// A Bundle is the TCP connections of a session. Its methods are safe for concurrent use.
type Bundle struct {
	cfg  Config
	pool pool
	// spread divides what is sent over several connections; nil: there is only one.
	spread *spreader

	wg sync.WaitGroup
}

// New returns a bundle without connections.
func New(cfg Config) *Bundle {
	b := &Bundle{cfg: cfg}
	if cfg.Several {
		b.spread = newSpreader(cfg.QoS)
	}
	return b
}

// Conns returns the present connections. The slice must not be changed.
func (b *Bundle) Conns() []*Conn { return b.pool.all() }

// Add adds a connection. It starts to send keep-alives at once, and is read once the receiver is known.
func (b *Bundle) Add(c *Conn) {
	c.in.keepAlive = b.cfg.KeepAlive
	if b.cfg.Compressed {
		c.compressed, c.in.expand = true, newExpander()
	}
	if b.spread != nil {
		c.queue = newSendQueue()
		b.wg.Go(c.writeQueued)
	}
	c.stir = b.cfg.Stir
	c.calm.Store(true)
	b.pool.add(c)
	if c.Direction != FromServer {
		b.wg.Go(c.keepAlive)
	}
	b.wg.Go(func() {
		b.read(c)
		close(c.read)
		b.cfg.Ended(c)
	})
}

// read reads from c, once the receiver is known, until it has ended.
func (b *Bundle) read(c *Conn) {
	select {
	case <-b.cfg.Receiver.Started():
		c.drop(c.readAll(b.cfg.Receiver.Func()))
	case <-c.gone:
	}
}

// Send sends the frames of a batch and does not keep them. It blocks while the network is slow, but with
// several connections only briefly for any single one of them. Frames are dropped while there is no
// connection, and for one that has fallen behind.
func (b *Bundle) Send(batch *frame.Batch) {
	if b.spread != nil {
		b.spread.send(batch.Frames(), &b.pool)
		return
	}
	if c := b.pool.pick(); c != nil {
		if err := c.sendFrames(batch.Message()); err != nil {
			c.failed(err)
		}
	}
}

// Retire closes c in the background, politely and after its frames are sent, while others take over.
func (b *Bundle) Retire(c *Conn) {
	c.retiring.Store(true)
	b.wg.Go(func() { c.leave(&b.cfg.Waits) })
}

// Remove removes c and closes it in the background. Its Err is err, unless it has ended already.
func (b *Bundle) Remove(c *Conn, err error) {
	b.takeOut(c)
	c.drop(err)
	b.wg.Go(func() { c.shutDown(&b.cfg.Waits) })
}

// Strand interrupts whoever uses the present connections, as the network below them is gone: see
// [Bundle.TakeStranded].
func (b *Bundle) Strand() {
	for _, c := range b.pool.all() {
		c.strand()
	}
}

// StrandOne is Strand for one of them.
func (b *Bundle) StrandOne(c *Conn) { c.strand() }

// TakeStranded removes the stranded connections from those that are used and returns them. They are read
// until they end, and must be passed to Remove then.
func (b *Bundle) TakeStranded() []*Conn {
	var stranded []*Conn
	for _, c := range b.pool.all() {
		if c.stranded.Load() {
			b.takeOut(c)
			stranded = append(stranded, c)
		}
	}
	return stranded
}

// takeOut stops sending over c.
func (b *Bundle) takeOut(c *Conn) {
	b.pool.remove(c)
	if b.spread != nil {
		b.spread.forget(c)
	}
}

// Wait waits until all connections are closed. Each must have been removed.
func (b *Bundle) Wait() { b.wg.Wait() }
