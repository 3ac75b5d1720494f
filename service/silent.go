// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// A base can die without the kernel noticing: its router is there, but what is behind it is not. Only the
// server's silence shows it, and a slow network is silent for a while, too. So another base is tried in
// parallel, and the session moves only when it has a connection there; if none comes about, it waits as
// before. Without another base, new connections over this one may still be heard, if the router has forgotten
// the old ones or the server has moved.

// alternative returns another base that may lead to the server.
func (c *connection) alternative(at standing) (base, bool) {
	if !at.roam || at.lost != "" || c.ground.asleep || c.ground.walk != nil {
		return base{}, false
	}
	return c.ground.now.alternative(at.base.index, c.ground.server, c.ground.shunned)
}

// detachedPatience is how long a session without a connection looks for the server on the base where it was.
const detachedPatience = 3 * time.Second

// silentFor is how long a report that the server is silent counts; a session repeats it for as long as it is
// true.
const silentFor = 4 * time.Second

// silent is told that nothing has come from the server for d.
func (c *connection) silent(d time.Duration) {
	now := time.Now()
	c.ground.silent = now
	if p := c.ground.pulse; p.doubt && now.Add(-d).Before(p.asked) {
		c.log.Info("the server answers, but not over the connections from before", "silent-for", d.Round(time.Millisecond))
		c.leave()
		return
	}
	if !c.serverSilent(d) {
		c.tryAnew(d)
	}
}

// serverSilent tries another base while the session waits for an answer. It reports whether there is one.
func (c *connection) serverSilent(d time.Duration) bool {
	at, known := c.path.standing()
	to, ok := c.alternative(at)
	if !known || !ok {
		return false
	}
	stopTimer(&c.ground.settle)
	c.log.Info("the server is silent, trying another network beside this one", "for", d.Round(time.Millisecond), "from", at.base.String(), "to", to.String())
	c.shun(at.base)
	c.startWalk(&walk{from: at, to: to, why: fmt.Sprintf("the server was silent over %v", at.base), silent: true})
	return true
}

// tryAnew has the session try new connections over its own base.
func (c *connection) tryAnew(d time.Duration) {
	at, known := c.path.standing()
	g := &c.ground
	if !known || at.lost != "" || g.asleep || g.walk != nil || g.pulse.proof != 0 || !c.provable() {
		return
	}
	c.log.Info("the server is silent, trying new connections beside the present ones", "for", d.Round(time.Millisecond), "base", at.base.String())
	c.prove(true)
}

// serverAway leaves for another base if there is no route to the server over this one. It reports whether
// there is one.
func (c *connection) serverAway() bool {
	at, known := c.path.standing()
	to, ok := c.alternative(at)
	if !known || !ok {
		return false
	}
	c.shun(at.base)
	c.jump(at, to, fmt.Sprintf("there is no way to the server over %v", at.base))
	return true
}

// detached is called when the session has lost its last connection.
func (c *connection) detached() {
	g := &c.ground
	stopTimer(&g.patience)
	g.detached = true
	g.patience = c.after(detachedPatience, func() {
		g.patience = nil
		c.elsewhere()
	})
}

// attached is called when it has one again.
func (c *connection) attached() {
	c.ground.detached = false
	stopTimer(&c.ground.patience)
}

// elsewhere looks for another base for a session that does not hear the server, although the kernel sees
// nothing wrong with its base.
func (c *connection) elsewhere() {
	g := &c.ground
	switch {
	case c.phase != up:
	case g.detached && g.patience == nil:
		c.serverAway()
	case !g.detached && time.Since(g.silent) < silentFor:
		if d := time.Since(g.silent); !c.serverSilent(d) {
			c.tryAnew(d)
		}
	}
}
