// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"slices"

	"network-manager-softether/service/nmvpn"
)

// An announcement is everything that NetworkManager is told about a tunnel.
type announcement struct {
	config   nmvpn.Config
	ip4, ip6 *nmvpn.IPConfig // nil: nothing to say about that family
	toggled  bool            // carries the redundant route of a bounce, see steps
}

// bounces reports whether NetworkManager can be told "connecting" and "connected" once more: if all addresses
// are the person's own, it is told of no family, so nothing could be different the second time. It would stay
// at "connecting" for ever (networkmanager.md 4.6).
func (a announcement) bounces() bool { return a.ip4 != nil || a.ip6 != nil }

// A step is one signal, or state, in telling an announcement.
type step int

const (
	tellConfig step = iota
	tellIP4
	tellIP6
	tellStarting
	tellStarted
)

// steps returns how to get NetworkManager from told to next, by the rules of networkmanager.md 4.6, and next
// in the form in which it has to be sent. No steps: nothing has changed.
//
//   - An identical configuration is never sent.
//   - Addresses and routes of one family are changed by its signal alone.
//   - DNS is followed only when the state becomes ACTIVATED, so a change of it needs the
//     bounce STARTING, configurations, STARTED. A bounce whose addresses and routes are
//     as before hangs NetworkManager in "activating" for ever: a redundant host route,
//     there in every other bounce, keeps them different.
//   - The host route to the server follows the next configuration of a family.
//   - A family cannot be taken back; what was told of it stays.
func steps(told, next announcement) ([]step, announcement) {
	next.toggled = told.toggled
	if next.ip4 == nil {
		next.ip4 = told.ip4
	}
	if next.ip6 == nil {
		next.ip6 = told.ip6
	}
	next.config.HasIP4, next.config.HasIP6 = next.ip4 != nil, next.ip6 != nil

	var families []step
	if next.ip4 != nil {
		families = append(families, tellIP4)
	}
	if next.ip6 != nil {
		families = append(families, tellIP6)
	}
	first := told.config.TunDev == ""
	if first {
		return slices.Concat([]step{tellConfig}, families, []step{tellStarted}), next
	}

	changed4, dns4 := compare(told.ip4, next.ip4)
	changed6, dns6 := compare(told.ip6, next.ip6)
	configChanged := told.config != next.config
	if dns4 || dns6 {
		if !changed4 && !changed6 {
			next.toggled = !told.toggled
		}
		bounce := []step{tellStarting}
		if configChanged {
			bounce = append(bounce, tellConfig)
		}
		return slices.Concat(bounce, families, []step{tellStarted}), next
	}
	var s []step
	if configChanged {
		s = append(s, tellConfig)
	}
	moved := told.config.Gateway != next.config.Gateway
	for _, f := range families {
		if moved || f == tellIP4 && changed4 || f == tellIP6 && changed6 {
			s = append(s, f)
		}
	}
	return s, next
}

// compare reports what differs between the old and the new configuration of one family: addresses or routes,
// and DNS.
func compare(old, new *nmvpn.IPConfig) (routing, dns bool) {
	switch {
	case new == nil:
		return false, false
	case old == nil:
		return true, len(new.DNS)+len(new.Domains) > 0
	}
	return !new.SameRouting(*old), !new.SameDNS(*old)
}

// announce tells NetworkManager what is new in the tunnel.
func (c *connection) announce() {
	server := c.ground.server
	if c.live.session != nil {
		server = serverOf(c.live.session)
	}
	c.ground.server = server
	if c.profile.IPv4.Auto {
		c.tunnel.rivals.use(c.inner.lease)
	}
	v := judge(c.profile, c.inner.lease, c.inner.config6, c.system.readSurroundings(c.tunnel.tap.Name(), server))
	v.standIns(c.inner.announced, c.profile.UUID)
	c.ground.contest = c.ground.now.contest(c.tunnel.tap.Name())
	v.halve(c.profile, c.ground.contest)
	next := announcement{ip4: v.ip4, ip6: v.ip6, config: c.inner.announced.config}
	if c.live.session != nil {
		next.config = nmvpn.Config{
			TunDev:     c.tunnel.tap.Name(),
			Gateway:    server,
			MTU:        uint32(v.mtu(c.profile.MTU, c.inner.lease, c.inner.config6)),
			Banner:     banner(c.live.session.Info(), c.profile, v.notices),
			CanPersist: c.profile.Persistent,
		}
	}
	c.caution(slices.Concat(v.notices, v.refused, replacements(c.inner.announced, next)))
	if c.inner.announced.config.TunDev != "" {
		next.config.Banner = c.inner.announced.config.Banner // shown once, and no reason to change routes
	}
	todo, next := steps(c.inner.announced, next)
	switch {
	case c.ground.away && (c.live.session == nil || c.ground.detached): // it has been told so, and that stays true
		todo = slices.DeleteFunc(todo, func(s step) bool { return s == tellStarting || s == tellStarted })
	case c.live.session != nil && (c.ground.away || c.ground.stale):
		todo, next = again(c.inner.announced, next, c.ground.away)
		c.ground.away, c.ground.stale = false, false
	}
	c.send(todo, next)
}

// send tells NetworkManager next, in these steps.
func (c *connection) send(todo []step, next announcement) {
	c.inner.announced = next
	for _, s := range todo {
		switch s {
		case tellConfig:
			c.log.Info("to NetworkManager: tunnel", "device", next.config.TunDev, "server", next.config.Gateway.String(), "mtu", next.config.MTU)
			c.nm.Config(next.config)
		case tellIP4:
			c.log.Info("to NetworkManager: IPv4", "config", *next.ip4)
			c.nm.IP4Config(withToggle(*next.ip4, next.toggled))
		case tellIP6:
			c.log.Info("to NetworkManager: IPv6", "config", *next.ip6)
			c.tunnel.setRouter(next.ip6.Gateway)
			// Without IPv4, the redundant route has to be here.
			c.nm.IP6Config(withToggle(*next.ip6, next.toggled && next.ip4 == nil))
		case tellStarting:
			c.nm.StateChanged(nmvpn.StateStarting)
		case tellStarted:
			c.nm.StateChanged(nmvpn.StateStarted)
		}
	}
}

// replacements returns which routers in the tunnel have been replaced by another.
func replacements(told, next announcement) []string {
	var said []string
	for _, f := range []struct{ old, new *nmvpn.IPConfig }{{told.ip4, next.ip4}, {told.ip6, next.ip6}} {
		if f.old == nil || f.new == nil || f.new.NeverDefault || !f.new.Gateway.IsValid() || f.old.Gateway == f.new.Gateway || f.new.Gateway == deadEnd {
			continue
		}
		if before := f.old.Gateway; before.IsValid() && before != deadEnd {
			said = append(said, fmt.Sprintf("the default route of the VPN now leads to another router: %v, before %v", f.new.Gateway, before))
		} else {
			said = append(said, fmt.Sprintf("a router that was not there at first now has the default route of the VPN: %v", f.new.Gateway))
		}
	}
	return said
}

// maxWarned bounds how many warnings are remembered, as anybody in the hub can cause them.
const maxWarned = 256

// caution logs each text once during the life of the connection.
func (c *connection) caution(texts []string) {
	for _, text := range texts {
		if len(c.inner.cautioned) == maxWarned || c.inner.cautioned[text] {
			continue
		}
		if c.inner.cautioned == nil {
			c.inner.cautioned = map[string]bool{}
		}
		c.inner.cautioned[text] = true
		c.log.Warn(text)
	}
}

// withToggle adds the redundant route of a bounce: to the gateway or, without one, to the first address of
// the network itself, on-link, where it leads anyway.
func withToggle(c nmvpn.IPConfig, toggled bool) nmvpn.IPConfig {
	if !toggled {
		return c
	}
	dst := c.Gateway
	if !dst.IsValid() {
		dst = c.Addr.Masked().Addr()
	}
	c.Routes = append(slices.Clone(c.Routes), nmvpn.Route{Dst: netip.PrefixFrom(dst, dst.BitLen())})
	return c
}
