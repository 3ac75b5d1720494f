// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A pool is the set of a session's living connections. Reading it takes no lock. It is safe for concurrent
// use; the zero value is empty.
type pool struct {
	changing sync.Mutex
	conns    atomic.Pointer[[]*Conn] // never changed, only replaced, under changing
}

// all returns the living connections. The slice must not be changed.
func (p *pool) all() []*Conn {
	if l := p.conns.Load(); l != nil {
		return *l
	}
	return nil
}

func (p *pool) add(c *Conn) {
	p.changing.Lock()
	defer p.changing.Unlock()
	l := append(slices.Clone(p.all()), c)
	p.conns.Store(&l)
}

func (p *pool) remove(c *Conn) {
	p.changing.Lock()
	defer p.changing.Unlock()
	l := slices.DeleteFunc(slices.Clone(p.all()), func(o *Conn) bool { return o == c })
	p.conns.Store(&l)
}

// pick returns the connection to send on: of those that lead to the server, the one with the fewest bytes
// waiting, and of several the newest (softether-protocol.md 8.4). It is nil if there is none. It serves
// sessions of one connection, which have two for a moment while it is replaced.
func (p *pool) pick() *Conn {
	var best *Conn
	var least int64
	for _, c := range p.all() {
		if !c.sends() || c.retiring.Load() {
			continue
		}
		if n := c.queued.Load(); best == nil || n <= least {
			best, least = c, n
		}
	}
	return best
}
