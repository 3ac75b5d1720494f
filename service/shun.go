// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"time"
)

// A base that did not lead to the server is avoided for some time: one behind a Wi-Fi's login page will not
// lead there for long, one that was silent for a moment soon does again. Trying it costs little, as the
// session stays where it is meanwhile, but moving to it costs the seconds until silence is noticed. So the
// first pause is short, and each is twice the last one unless the base has worked well for a while.
const (
	shunFirst = 3 * time.Second
	shunMost  = time.Minute
	// shunProven: after that many pauses without trouble, a base is as good as new.
	shunProven = 4
)

// A shunning is the state of one avoided base.
type shunning struct {
	until time.Time
	pause time.Duration
}

// longer returns the shunning after another failure.
func (s shunning) longer(now time.Time) shunning {
	pause := shunFirst
	if s.pause > 0 && !s.proven(now) {
		pause = min(2*s.pause, shunMost)
	}
	return shunning{until: now.Add(pause), pause: pause}
}

// proven reports whether the base is as good as new.
func (s shunning) proven(now time.Time) bool { return now.Sub(s.until) >= shunProven*s.pause }

// shun keeps a base from being tried again for some time.
func (c *connection) shun(b base) {
	g := &c.ground
	if g.shuns == nil {
		g.shuns = make(map[string]shunning)
	}
	now := time.Now()
	maps.DeleteFunc(g.shuns, func(_ string, s shunning) bool { return s.proven(now) })
	s := g.shuns[b.String()].longer(now)
	g.shuns[b.String()] = s
	c.after(s.pause, c.lookAtGround)
}

func (g *roaming) shunned(b base) bool { return time.Now().Before(g.shuns[b.String()].until) }
