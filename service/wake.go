// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/profile"
)

// A computer may sleep, a virtual machine be paused or a process be frozen without logind saying so. Nothing tells of
// it afterwards, but a clock has gone on: a pulse that comes late shows it. Go's own clocks do for that. The wall clock
// is ahead of the monotonic one after sleep, and after a pause once somebody has set it; both are ahead of the pulse
// after a freeze. A clock that is only set looks the same, so what follows costs a session that lives none of its
// traffic: its connections are replaced, and those beyond the first come back one by one.

// pulseRate is how often the clocks are looked at while a session is up and has a base, and only then. It is also how
// late a pulse must be to tell of more than a busy computer.
const pulseRate = 5 * time.Second

// A pulse is the loop's side of it.
type pulse struct {
	timer *time.Timer
	last  time.Time
	proof bool // the session was told to show that it lives, and has not yet
}

// unseen is how much more time has passed between two pulses than was to pass.
func unseen(last, now time.Time) time.Duration {
	return max(now.Sub(last), now.Round(0).Sub(last.Round(0))) - pulseRate
}

// beat begins to look at the clocks, or begins anew.
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
	c.lookAtGround()
	now, _ := c.path.standing()
	if c.profile.Transport != profile.TransportTCP || now != at || c.ground.walk != nil {
		return // other sessions cannot be attached again; one that goes elsewhere shows it there
	}
	c.ground.pulse.proof = true
	c.live.session.Move(true)
}

// unproven is told that the session could not be shown to live beside its connections.
func (c *connection) unproven() {
	if c.ground.pulse.proof {
		c.ground.pulse.proof = false
		c.live.session.Move(false)
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
