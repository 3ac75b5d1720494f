// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"network-manager-softether/service/nmvpn"
)

// What NetworkManager believes about the ground, and how it is made to believe the truth.

// renewRoute has NetworkManager make its route to the server anew, which the bound sockets then follow.
// NetworkManager asks the kernel for the route, and would be told that very route as long as it is there: so
// for a moment it is told that the router is the tunnel's gateway.
func (c *connection) renewRoute(to base) {
	g := &c.ground
	if g.renewal != nil || c.phase != up || !to.via.IsValid() {
		return
	}
	detour := c.inner.announced
	detour.config.Gateway = to.via
	todo, detour := again(c.inner.announced, detour, false)
	c.send(todo, detour)
	g.renewal = c.after(renewalPause, func() {
		if c.phase == up {
			c.announce()
		}
		g.renewal = c.after(renewalRest, func() {
			g.renewal = nil
			c.lookAtGround()
		})
	})
}

// routeFollows starts over on a base once NetworkManager's route to the server uses its router: what was sent
// before went to the former one, and would only be retransmitted after a second or more.
func (c *connection) routeFollows(at standing) {
	g := &c.ground
	if !g.misled || g.now.misled(at.base, g.server) {
		return
	}
	g.misled = false
	if c.phase == up && g.detached {
		c.leave()
	}
}

// outageBegins is called when there is no session any more, or one that nothing carries.
func (c *connection) outageBegins() {
	g := &c.ground
	if !c.profile.Persistent || g.outage != nil || g.away || !c.inner.announced.bounces() {
		return
	}
	g.outage = c.after(outageShown, func() {
		g.outage = nil
		if c.phase == up || c.phase == reconnecting {
			g.away = true
			c.nm.StateChanged(nmvpn.StateStarting)
		}
	})
}

// outageEnds is called when the session is back, before NetworkManager is told.
func (c *connection) outageEnds() { stopTimer(&c.ground.outage) }

// lookAtParent makes NetworkManager choose another base for this connection if the one it has is gone: it
// never moves full tunnels by itself, as they count as the best connection while they are active
// (networkmanager.md 4.7).
func (c *connection) lookAtParent() {
	g := &c.ground
	if g.reparent != nil || !c.orphaned() {
		return
	}
	g.reparent = c.after(parentSettles, func() {
		if c.phase != up || !c.orphaned() {
			g.reparent = nil
			return
		}
		c.askForParent(func(name string) {
			g.reparent = nil
			if name != "" {
				g.parent = name // during an outage it does look for another one by itself
			}
			switch at, _ := c.path.standing(); {
			case c.phase != up:
			case c.orphaned():
				c.reparent()
			case !g.now.leads(at.base.index, g.server):
				// It has the base, but has lost the route to the server along with the former one.
				g.stale = true
				c.announce()
			}
		})
	})
}

// orphaned reports whether NetworkManager has a base for this connection that no longer leads anywhere. Where nothing
// carries the session, it does not matter yet: the bounce would tell that something does.
func (c *connection) orphaned() bool {
	g := &c.ground
	at, known := c.path.standing()
	return known && !g.detached && c.profile.Persistent && c.inner.announced.bounces() && at.lost == "" && at.base.name != g.parent && !g.now.serves(g.parent)
}

// parentAnswer is how long NetworkManager is given to say which base it has.
const parentAnswer = 2 * time.Second

// askForParent passes the loop the base that NetworkManager has for this connection, or nothing if it cannot
// be found out.
func (c *connection) askForParent(heard func(name string)) {
	ask, uuid := c.system.parents, c.profile.UUID
	if ask == nil {
		heard("")
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), parentAnswer)
		defer cancel()
		names, err := ask(ctx, uuid)
		name := ""
		if len(names) == 1 {
			name = names[0]
		}
		c.log.Debug("NetworkManager's base for this connection", "devices", names, "error", err)
		c.post(func() {
			if c.phase == up || c.phase == reconnecting {
				heard(name)
			}
		})
	}()
}

// reparent is a bounce, during which NetworkManager looks for another base.
func (c *connection) reparent() {
	g := &c.ground
	at, _ := c.path.standing()
	if !g.away {
		g.away = true
		c.nm.StateChanged(nmvpn.StateStarting)
	}
	g.parent = at.base.name
	g.reparent = c.after(parentSettles/2, func() {
		g.reparent = nil
		if c.phase != up {
			return
		}
		c.announce()
		// Only now does it have the other base. The route to the server, which it made before, is made again.
		g.reparent = c.after(parentSettles/2, func() {
			g.reparent = nil
			if c.phase == up {
				g.stale = true
				c.announce()
			}
		})
	})
}

// leads reports whether there is a host route to the server through the interface.
func (t terrain) leads(index int, server netip.Addr) bool {
	return slices.ContainsFunc(t.routes, func(r groundRoute) bool { return r.nic == index && pinned(r, server) })
}

// serves reports whether NetworkManager still has routes through the interface, be it without carrier, for
// which it waits some seconds.
func (t terrain) serves(name string) bool {
	for _, r := range t.routes {
		if n := t.nics[r.nic]; n.name == name && !r.dst.IsSingleIP() && !r.dst.Addr().IsLinkLocalUnicast() && !r.dst.Addr().IsMulticast() {
			return true
		}
	}
	return false
}
