// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"time"

	"network-manager-softether/profile"
)

// Times of roaming.
const (
	// lossSettles is how long a base may be away before its connections are given up, where there is no other: an address
	// that is set anew is gone for a moment, and a plug may not sit well. Nothing could be sent meanwhile.
	lossSettles = 250 * time.Millisecond
	// outageShown is how long a connection may be without a session before NetworkManager, and through it the
	// user, is told that it is connecting.
	outageShown = 3 * time.Second
	// renewalPause is how long NetworkManager is given to remove its route to the server, and renewalRest the
	// pause before that is tried again.
	renewalPause = 200 * time.Millisecond
	renewalRest  = 5 * time.Second
	// parentSettles is how long NetworkManager is given to notice by itself that a base is gone.
	parentSettles = time.Second
)

// roaming is the loop's side of the ground.
type roaming struct {
	stop   func()
	now    terrain
	walk   *walk
	settle *time.Timer // runs before a walk
	losing *time.Timer // runs before a base counts as lost
	lostAt time.Time
	shuns  map[string]shunning

	contest  contest     // when NetworkManager was last told
	server   netip.Addr  // where the tunnel's own packets go
	renewal  *time.Timer // of NetworkManager's route to the server
	misled   bool        // that route sends what goes over the present base to a former router
	silent   time.Time   // when the session last reported that it hears nothing
	detached bool        // the session has no connection
	patience *time.Timer // runs before another base is tried for it
	parent   string      // the base that NetworkManager has for this connection
	reparent *time.Timer // runs before it is told to look for another
	stale    bool        // its route to the server differs from ours
	outage   *time.Timer
	away     bool // it was told that there is no session
	asleep   bool // the computer is about to sleep, or does
	awake    func()
	pulse    pulse
	nobody   *time.Timer // runs while the computer is about to sleep: nobody may say that it is awake
}

// watchGround starts to watch the ground. It is called while there are all privileges.
func (c *connection) watchGround() {
	if c.ground.stop != nil || c.system.watchGround == nil {
		return
	}
	now, stop, err := c.system.watchGround(c.log, func(t terrain) { c.post(func() { c.groundChanged(t) }) })
	if err != nil {
		c.log.Warn("cannot watch for network changes", "error", err)
		return
	}
	c.ground.now, c.ground.stop = now, stop
	if c.system.watchSleep == nil {
		return
	}
	stop, err = c.system.watchSleep(c.log, func(asleep bool, ready func()) {
		if !c.post(func() { c.sleep(asleep, ready) }) {
			ready()
		}
	})
	if err != nil {
		c.log.Warn("cannot watch for suspend", "error", err)
		return
	}
	c.ground.awake = stop
}

// leaveGround ends watching, and all timers of roaming.
func (c *connection) leaveGround() {
	g := &c.ground
	for _, t := range []**time.Timer{&g.settle, &g.patience, &g.renewal, &g.reparent, &g.outage, &g.pulse.timer, &g.nobody, &g.losing} {
		stopTimer(t)
	}
	for _, stop := range []func(){g.stop, g.awake} {
		if stop != nil {
			stop()
		}
	}
	c.ground = roaming{}
}

func (c *connection) groundChanged(t terrain) {
	c.ground.now = t
	c.path.setTerrain(t)
	c.lookAtGround()
	c.lookAtOthers()
}

// lookAtGround does what the ground requires, if it could be watched: of one that is not known, everything is gone.
func (c *connection) lookAtGround() {
	at, known := c.path.standing()
	if !known || c.ground.stop == nil || c.ground.asleep || c.phase != up && c.phase != reconnecting {
		return
	}
	turn, to, why := c.ground.now.next(at, c.ground.server)
	if turn == turnLost {
		if other, ok := c.otherFamily(at); ok && at.lost == "" && other == at.base {
			turn = turnNone // it is there already
		} else if ok {
			turn, to = turnJump, other
		}
	}
	if turn != turnWalk {
		stopTimer(&c.ground.settle)
	}
	if turn != turnLost {
		stopTimer(&c.ground.losing)
	}
	if turn != turnNone {
		c.log.Debug("base networks changed", "turn", turn.String(), "from", at.base.String(), "to", to.String(), "because", why)
	}
	if (turn == turnJump || turn == turnFollow) && c.divert(to, why) {
		c.lookAtParent()
		return
	}
	switch turn {
	case turnNone:
		c.routeFollows(at)
		c.elsewhere()
	case turnLost:
		c.loseSoon(at)
	case turnJump:
		c.jump(at, to, why)
	case turnFollow:
		c.follow(at, to, why)
	case turnWalk:
		c.walkSoon(to)
	case turnRenew:
		c.renewRoute(to)
	}
	c.lookAtParent()
}

// otherFamily returns a base that leads to the server only by its address of the other IP version.
func (c *connection) otherFamily(at standing) (base, bool) {
	if !at.roam || c.profile.Transport != profile.TransportTCP {
		return base{}, false
	}
	for _, a := range c.path.resolver.Known() {
		if a.Is4() != c.ground.server.Is4() {
			if to, ok := c.ground.now.bestBase(a); ok {
				return to, true
			}
		}
	}
	return c.only6(at)
}

// loseSoon gives a base up if it is not back in a moment, as there is no other.
func (c *connection) loseSoon(at standing) {
	g := &c.ground
	if at.lost != "" || g.losing != nil {
		return
	}
	g.losing = c.after(lossSettles, func() {
		g.losing = nil
		at, known := c.path.standing()
		if !known || at.lost != "" || c.phase != up && c.phase != reconnecting {
			return
		}
		if turn, _, why := g.now.next(at, g.server); turn == turnLost {
			if _, ok := c.otherFamily(at); !ok {
				c.baseLost(why)
			}
		}
	})
}

// baseLost makes everything wait for a base.
func (c *connection) baseLost(why string) {
	stopTimer(&c.ground.losing)
	c.path.lose(why)
	c.ground.lostAt = time.Now()
	c.after(only6Wait, c.lookAtGround)
	c.halt()
	c.notice("waiting for a network: "+why, "base", c.ground.parent)
	if c.phase == reconnecting {
		stopTimer(&c.retry.timer)
		c.attempts.cancel()
	} else if c.profile.Transport == profile.TransportTCP {
		c.live.session.Move(false)
	}
	c.outageBegins()
}

// jump leaves a base that no longer works.
func (c *connection) jump(at standing, to base, why string) {
	c.path.use(to)
	c.halt()
	c.beat()
	if c.ground.detached { // a new base gets its chance
		c.detached()
	}
	c.notice(fmt.Sprintf("going on over %v: %s", to, why), "before", at.base.String())
	switch {
	case c.phase == reconnecting:
		c.retryNow()
	case c.profile.Transport != profile.TransportTCP && to == at.base:
		// A short interruption does not end these sessions, a long one does.
		if c.provable() {
			c.prove(true)
		}
	default:
		c.live.session.Move(false)
	}
	c.ground.stale = c.ground.stale || to != at.base
	if c.ground.now.misled(to, c.ground.server) {
		c.ground.misled = true
		c.renewRoute(to)
	}
}

// follow goes on by another router of the same network. What there is of the session goes by it already: it lives on,
// unless the router is one that translates addresses, and new connections are made beside it.
func (c *connection) follow(at standing, to base, why string) {
	if c.phase != up || c.ground.detached || c.ground.walk != nil || !c.provable() {
		c.jump(at, to, why)
		return
	}
	c.path.reroute(to)
	c.notice(fmt.Sprintf("going on over %v: %s", to, why), "before", at.base.String())
	c.ground.stale = true
	c.prove(true)
}

// retryNow starts an attempt at once, as the reason why others failed is gone.
func (c *connection) retryNow() {
	stopTimer(&c.retry.timer)
	c.startAttempt()
}
