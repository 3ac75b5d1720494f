// SPDX-License-Identifier: Apache-2.0

package main

import "time"

// A base that did not lead to the server is left alone for some time: behind a Wi-Fi's log-in page it will not for long,
// and after a moment of silence it does again soon. To try costs little, as the session stays where it is meanwhile, but
// to move costs the seconds until silence is noticed. So the first pause is short, and each is twice the last one unless
// the base has done well for a while.
const (
	shunFirst = 3 * time.Second
	shunMost  = time.Minute
	// shunProven pauses without trouble make a base as good as new.
	shunProven = 4
)

// A shunning is of one base.
type shunning struct {
	until time.Time
	pause time.Duration
}

// longer is the shunning after another failure.
func (s shunning) longer(now time.Time) shunning {
	pause := shunFirst
	if s.pause > 0 && now.Sub(s.until) < shunProven*s.pause {
		pause = min(2*s.pause, shunMost)
	}
	return shunning{until: now.Add(pause), pause: pause}
}

// shun has a base not be tried again for some time.
func (c *connection) shun(b base) {
	g := &c.ground
	if g.shuns == nil {
		g.shuns = make(map[string]shunning)
	}
	s := g.shuns[b.String()].longer(time.Now())
	g.shuns[b.String()] = s
	c.after(s.pause, c.lookAtGround)
}

func (g *roaming) shunned(b base) bool { return time.Now().Before(g.shuns[b.String()].until) }
