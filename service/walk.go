// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"network-manager-softether/protocol"
)

// walkSettles is how long a better base must be there before the session walks to it, as the present one
// still works.
const walkSettles = time.Second

// A walk is going on to a better base, or away from a silent one, while the session still lives on the former
// one.
type walk struct {
	from   standing
	to     base
	why    string
	silent bool // nothing is heard over from
	move   int  // its number
}

// walkSoon goes to a better base if it is still there in a moment.
func (c *connection) walkSoon(to base) {
	g := &c.ground
	if g.settle != nil || g.walk != nil || g.shunned(to) {
		return
	}
	if c.phase == reconnecting { // there is no session to be careful with
		at, _ := c.path.standing()
		c.jump(at, to, "it is the better way")
		return
	}
	g.settle = c.after(walkSettles, func() {
		g.settle = nil
		at, _ := c.path.standing()
		turn, to, _ := g.now.next(at, c.ground.server)
		if c.phase != up || turn != turnWalk || g.walk != nil {
			return
		}
		c.log.Info("walking to a better base", "from", at.base.String(), "to", to.String())
		c.startWalk(&walk{from: at, to: to, why: "it is the better way"})
	})
}

// startWalk begins a walk. What the session was to show on the base that it leaves, the walk shows.
func (c *connection) startWalk(w *walk) {
	c.ground.walk = w
	c.ground.pulse.settled()
	c.path.use(w.to)
	w.move = c.live.session.Move(true)
}

// divert changes the goal of a walk where the former one has gone, or has another router by now. It reports whether
// that is all there is to do: what carries the session is still where the walk began, and works.
func (c *connection) divert(to base, why string) bool {
	w := c.ground.walk
	if w == nil || w.silent || c.phase != up || c.ground.detached || c.ground.now.broken(w.from, c.ground.server) != "" {
		return false
	}
	c.log.Info("walking elsewhere", "from", w.from.base.String(), "to", to.String(), "before", w.to.String(), "because", why)
	if to != w.from.base {
		c.startWalk(&walk{from: w.from, to: to, why: w.why})
		return true
	}
	c.ground.walk = nil
	c.path.back(w.from)
	c.live.session.Move(true)
	return true
}

// leave has the session wait for its connections no more.
func (c *connection) leave() {
	c.halt()
	c.live.session.Move(false)
}

// halt ends what the session was told to show on a base, and what it said of it: it is lost, or leaves it.
func (c *connection) halt() {
	c.ground.walk, c.ground.silent = nil, time.Time{}
	c.ground.pulse.settled()
}

// walked is told that the session has arrived where a move was to lead.
func (c *connection) walked(move int, after time.Duration) {
	c.proven(move)
	c.ground.silent = time.Time{}
	if w := c.ground.walk; w != nil && w.move == move {
		c.ground.walk = nil
		c.notice(fmt.Sprintf("going on over %v: %s", w.to, w.why), "before", w.from.base.String(), "within", after.Round(time.Millisecond))
	}
	c.lookAtGround()
}

// walkFailed goes back to the base where the session is.
func (c *connection) walkFailed(move int, err error) {
	w := c.ground.walk
	if w == nil || w.move != move {
		c.unproven(move, err)
		return
	}
	c.ground.walk = nil
	if answer, ok := errors.AsType[*protocol.ServerError](err); ok && w.silent {
		// The server is there. It has ended the session, or still counts connections that died with former bases, and
		// will for longer than a new login takes.
		c.notice(fmt.Sprintf("going on over %v: %s", w.to, w.why), "before", w.from.base.String())
		c.ground.stale = true
		c.shun(w.from.base) // the walk may have taken longer than the first shunning, and the login is to follow it
		c.sessionLost(answer)
		return
	}
	c.path.back(w.from)
	delete(c.ground.shuns, w.from.base.String())
	why := "the other network does not lead to the server"
	if _, answered := errors.AsType[*protocol.ServerError](err); answered {
		// For example, it still counts connections that died with a former base, and forgets them after a while.
		why = "the server does not take the session over on the other network yet"
	}
	c.shun(w.to)
	c.log.Warn("staying on the present network: "+why, "network", w.to.String(), "present", w.from.base.String(), "error", err)
	c.lookAtGround()
}
