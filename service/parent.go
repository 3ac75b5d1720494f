// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"network-manager-softether/service/nmvpn"
)

// What NetworkManager believes of the ground, and is told so that it is true.

// renewRoute has NetworkManager make its route to the server anew, which the bound sockets follow.
// It asks the kernel for the way, and would be told that very route as long as it is there: so
// for a moment the tunnel leads to the router.
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

// routeFollows begins anew over a base once NetworkManager's route to the server leads by its router:
// what was sent before went to the former one, and is sent again only after a second or more.
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

// outageEnds is called when the session is there again, before NetworkManager is told.
func (c *connection) outageEnds() { stopTimer(&c.ground.outage) }

// lookAtParent has NetworkManager choose another base for this connection when the one it
// has is gone: full tunnels it never moves by itself, as they count as the best connection
// while they are active (networkmanager.md 4.7).
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
				g.parent = name // during an outage it does look for another one
			}
			switch at, _ := c.path.standing(); {
			case c.phase != up:
			case c.orphaned():
				c.reparent()
			case !g.now.leads(at.base.index, g.server):
				// It has the base, and has lost the route to the server with the former one.
				g.stale = true
				c.announce()
			}
		})
	})
}

// orphaned reports whether NetworkManager has a base for this connection that leads nowhere any more.
func (c *connection) orphaned() bool {
	g := &c.ground
	at, known := c.path.standing()
	return known && c.profile.Persistent && c.inner.announced.bounces() && at.lost == "" && at.base.name != g.parent && !g.now.serves(g.parent)
}

// parentAnswer is how long NetworkManager is given to say which base it has.
const parentAnswer = 2 * time.Second

// askForParent hands the loop the base that NetworkManager has for this connection, nothing if that is not to be learned.
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

// reparent is a bounce, in which NetworkManager looks for another base.
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
		// Only now does it have the other base. The route to the server, which it made
		// before, is made again.
		g.reparent = c.after(parentSettles/2, func() {
			g.reparent = nil
			if c.phase == up {
				g.stale = true
				c.announce()
			}
		})
	})
}

// leads reports whether there is a route to the server alone by the interface.
func (t terrain) leads(index int, server netip.Addr) bool {
	return slices.ContainsFunc(t.routes, func(r groundRoute) bool { return r.nic == index && pinned(r, server) })
}

// serves reports whether NetworkManager still has the interface lead anywhere, be it without
// carrier, on which it waits for some seconds.
func (t terrain) serves(name string) bool {
	for _, r := range t.routes {
		if n := t.nics[r.nic]; n.name == name && !r.dst.IsSingleIP() && !r.dst.Addr().IsLinkLocalUnicast() && !r.dst.Addr().IsMulticast() {
			return true
		}
	}
	return false
}
