// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// flowTable is how many flows are told apart. Beyond that, flows share entries.
	flowTable = 1024
	// flowPause is how long a flow must pause before it may change to a better connection: by then, whatever
	// it has sent has arrived.
	flowPause = 500 * time.Millisecond
	// muchBusier is by how many bytes a connection must be busier than another for a flow that has paused to
	// change.
	muchBusier = 64 << 10
	// lookEvery is the least time between two looks at the state of the connections.
	lookEvery = 250 * time.Millisecond
	// roomPatience is how long all flows wait for one full queue. After that, frames for it are dropped until
	// it has drained by half, and the TCP inside slows down, as it does in front of a full router.
	roomPatience = 20 * time.Millisecond
)

// A spreader divides what is sent over the connections of a session that has several. Each flow is given the
// least busy connection when it begins, and stays there so that its frames arrive in order
// (softether-protocol.md 8.4: no receiver reorders them). It moves when its connection is lost, hangs or is
// about to be replaced, and may move after a pause. A flow that never pauses may move to a connection that
// has next to nothing to do (rebalance).
//
// A connection that accepts nothing does not stop the others: its queue fills up, and from then on frames for
// it are dropped.
//
// It is safe for concurrent use. Senders take turns; one that waits for room holds up nobody else, and the
// session goes on replacing connections meanwhile.
type spreader struct {
	qos     bool // one connection is for urgent frames
	born    time.Time
	dropped atomic.Uint64 // frames that found no room

	sending sync.Mutex // held by a sender, even while it waits for room
	timer   *time.Timer

	mu      sync.Mutex // guards what follows, and conn.share of every connection
	flows   [flowTable]flow
	express *Conn         // what urgent frames travel on; nil: any connection
	looked  time.Duration // when look was last called
	moved   time.Duration // when rebalance last moved a flow
	touched []*Conn       // those that the current batch has given frames to
}

// A flow is an entry of the table: what it travels on, when it last did, and how many bytes it has sent
// recently, in the sense of share.recent.
type flow struct {
	conn   *Conn
	last   time.Duration
	recent int64
}

// A share is a spreader's view of a connection.
type share struct {
	recent  int64 // bytes given to it recently; with each look, all but those still waiting are halved
	hangs   bool  // accepts nothing; flows go elsewhere
	full    bool  // frames are dropped until the queue has drained by half
	touched bool
}

func newSpreader(qos bool) *spreader {
	sp := &spreader{qos: qos, born: time.Now(), looked: -lookEvery, touched: make([]*Conn, 0, MaxConns+1), timer: time.NewTimer(time.Hour)}
	sp.timer.Stop()
	return sp
}

// send puts the frames into the queues of the connections in p.
func (sp *spreader) send(frames [][]byte, p *pool) {
	sp.sending.Lock()
	defer sp.sending.Unlock()
	sp.mu.Lock()
	defer sp.mu.Unlock()
	now := time.Since(sp.born)
	if now-sp.looked >= lookEvery {
		sp.look(now, p.all())
	}
	for _, f := range frames {
		sp.sendOne(f, now, p)
	}
	for _, c := range sp.touched {
		c.share.touched = false
		c.queue.kick()
	}
	clear(sp.touched)
	sp.touched = sp.touched[:0]
}

// sendOne puts f into a queue, or drops it.
func (sp *spreader) sendOne(f []byte, now time.Duration, p *pool) {
	hash, isUrgent := flowOf(f)
	e := &sp.flows[hash%flowTable]
	for {
		conns := p.all() // while this waits for the only one, another may have been added
		c := sp.choose(e, isUrgent, now, conns)
		if c == nil {
			sp.dropped.Add(1)
			return
		}
		if !c.share.touched {
			c.share.touched = true
			sp.touched = append(sp.touched, c)
		}
		if c.share.full && c.queue.waiting() < queueBytes/2 {
			c.share.full = false
		}
		if !c.share.full && c.queue.append(f) {
			c.share.recent += int64(len(f))
			if c == e.conn {
				e.recent += int64(len(f))
			}
			return
		}
		alone := usable(conns) < 2
		if c.share.full && !alone {
			sp.dropped.Add(1)
			return
		}
		if !sp.await(c) && !alone {
			c.share.full = true
		}
	}
}

// await waits briefly for room in the queue of c and reports whether there may be some now. Meanwhile it
// releases mu, which the caller holds.
func (sp *spreader) await(c *Conn) bool {
	sp.mu.Unlock()
	defer sp.mu.Lock()
	c.queue.kick()
	sp.timer.Reset(roomPatience)
	defer sp.timer.Stop()
	select {
	case <-c.queue.room:
		return true
	case <-c.gone:
		return true
	case <-sp.timer.C:
		return false
	}
}

// look updates what is known about the connections.
func (sp *spreader) look(now time.Duration, conns []*Conn) {
	sp.looked = now
	for _, c := range conns {
		c.share.recent = max(c.share.recent/2, int64(c.queue.waiting()))
		c.share.hangs = c.hangs()
	}
	sp.rebalance(now, conns)
	if !sp.qos || sp.express != nil && sp.express.sends() && !sp.express.retiring.Load() {
		return
	}
	sp.express = nil
	if usable(conns) < 2 {
		return
	}
	for _, c := range conns {
		if c.sends() && !c.retiring.Load() {
			sp.express = c // the newest
		}
	}
}

// forget drops what refers to a connection that is gone.
func (sp *spreader) forget(c *Conn) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	for i := range sp.flows {
		if sp.flows[i].conn == c {
			sp.flows[i].conn = nil
		}
	}
	if sp.express == c {
		sp.express = nil
	}
	sp.looked = -lookEvery
}
