// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/dhcp"
	"network-manager-softether/protocol"
)

// A computer may sleep or a process be frozen without logind saying so. Nothing tells of it afterwards, but the clock that
// goes on in sleep has gone on: a pulse that comes late by it shows either. It is not the wall clock, which a time server or
// a person may set under a session that is well. (A virtual machine that was paused has no clock that tells: what becomes
// of its session its connections show, see [connection.silent].)

// pulseRate is how often the clock is looked at while a session is up and has a base, and only then. It is also how
// late a pulse must be to tell of more than a busy computer.
const pulseRate = 5 * time.Second

// A pulse is the loop's side of it.
type pulse struct {
	timer *time.Timer
	last  time.Duration // the clock at the last one
	asked time.Time     // when the session was told to show that it lives
	proof int           // by which move; 0 if it has not to
	stay  bool          // its connections stay, even if nobody answers
	doubt bool          // it could not, though the server answered
}

// settled ends what the session was to show.
func (p *pulse) settled() { p.proof, p.stay, p.doubt = 0, false, false }

// unseen is how much more time has passed between two pulses than was to pass.
func unseen(last, now time.Duration) time.Duration { return now - last - pulseRate }

// sinceBoot is the time since the computer was started, that of its sleep included (CLOCK_BOOTTIME).
func sinceBoot() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return 0 // never: every kernel that runs Go has this clock
	}
	return time.Duration(now.Nano())
}

// beat begins to look at the clock, or begins anew.
func (c *connection) beat() {
	c.countLease()
	stopTimer(&c.ground.pulse.timer)
	c.ground.pulse.last = c.system.clock()
	c.nextBeat()
}

func (c *connection) nextBeat() {
	p := &c.ground.pulse
	var timer *time.Timer
	timer = c.after(pulseRate, func() {
		if p.timer != timer {
			return // another has begun meanwhile
		}
		p.timer = nil
		at, known := c.path.standing()
		if c.phase != up || !known || at.lost != "" {
			return // who brings a session or a base begins again
		}
		now := c.system.clock()
		late := unseen(p.last, now)
		p.last = now
		c.nextBeat()
		if late > pulseRate {
			c.woke(at, late)
		}
	})
	p.timer = timer
}

// woke has the session show that it lives, by a connection beside those there are, which stay until then. Where the
// server has forgotten it, there is a new login at once. What has become of the base the kernel tells by itself.
func (c *connection) woke(at standing, late time.Duration) {
	c.log.Info("this process or the computer was suspended", "for", late.Round(time.Second), "base", at.base.String())
	c.countLease()
	c.tunnel.countLifetimes()
	c.lookAtGround()
	now, _ := c.path.standing()
	if now != at || c.ground.walk != nil {
		return // a session that goes elsewhere shows it there
	}
	c.prove(false)
}

// provable reports whether the session may be asked for a further connection at a mere suspicion. In half-duplex
// sessions one has to go first, as the server gives a new one its direction.
func (c *connection) provable() bool { return !c.live.session.Info().HalfDuplex }

// prove has the session make a connection beside those there are, which then go. They do so, too, if none comes about,
// unless they are to stay.
func (c *connection) prove(stay bool) {
	p := &c.ground.pulse
	p.settled()
	p.asked, p.stay = time.Now(), stay
	p.proof = c.live.session.Move(true)
}

// proven is told that the session has a connection that was made since a move.
func (c *connection) proven(move int) {
	if p := &c.ground.pulse; move >= p.proof {
		p.settled()
	}
}

// unproven is told that the session could not be shown to live beside its connections. Those are left, unless it was a
// server that knows the session who said so: it may count more of them than there are, and the base is well. Then the
// connections have to show it: see [connection.silent].
func (c *connection) unproven(move int, err error) {
	p := &c.ground.pulse
	if p.proof != move {
		return // the answer to something else
	}
	answer, answered := errors.AsType[*protocol.ServerError](err)
	switch {
	case answered && answer.Code == protocol.CodeSessionTimeout:
		c.sessionLost(answer)
	case answered:
		c.log.Info("the server takes no further connection, those from before may go on", "error", err)
		p.proof, p.doubt = 0, true
	case p.stay:
		c.log.Debug("no connection beside those that the session has", "error", err)
		p.settled()
		c.elsewhere()
	default:
		c.leave()
	}
}

// countLease sets the timer at whose end the lease's address goes, whatever becomes of the session meanwhile. The
// timer stands still in sleep, [dhcp.Lease.Left] does not: it has to be set again afterwards.
func (c *connection) countLease() {
	l := c.inner.lease
	if l == nil {
		return // the timer is that of a lease that is gone
	}
	stopTimer(&c.inner.leaseEnd)
	if l.Duration == dhcp.Infinite {
		return
	}
	c.inner.leaseEnd = c.after(l.Left(), func() {
		if c.inner.lease == l {
			c.leaseGone(fmt.Errorf("%v: %w", l.Addr, dhcp.ErrExpired))
		}
	})
}
