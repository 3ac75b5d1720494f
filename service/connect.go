// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/protocol"
	"network-manager-softether/service/notice"
)

// watchdogGrace lets NetworkManager's own timer, which has better words for the user, end a connection first.
const watchdogGrace = 2 * time.Second

// startConnecting starts the first attempt, or the next one after an answer of the user.
func (c *connection) startConnecting() {
	c.enter(connecting)
	stopTimer(&c.attempts.watchdog)
	timeout := c.profile.Timeout
	era := c.startAttempt()
	c.attempts.watchdog = c.after(timeout+watchdogGrace, func() {
		if era == c.attempts.era && c.phase == connecting {
			err := fmt.Errorf("no connection after %v (vpn.timeout): %w", timeout, protocol.ErrTimeout)
			c.fail(failureOf(err, c.profile), err)
		}
	})
}

// startAttempt starts an attempt with the present profile and returns its era.
func (c *connection) startAttempt() int {
	c.attempts.cancel()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, since: time.Now(), ended: make(chan error, 1)}
	c.attempts.running = r
	era, p, files, path, log := c.attempts.era, c.profile, c.files, c.path, c.log
	editor := c.login.editor
	notify := func(e protocol.Event) {
		if e == (protocol.LoginSent{}) {
			if editor != nil {
				editor.Close() // the certificate was accepted
			}
			return
		}
		c.sessionEvent(era, e)
	}
	config := func() (*protocol.Config, error) { return sessionConfig(p, files, path, notify, log) }
	if c.login.config != nil {
		// The privileges to read files have been given up by now.
		again := *c.login.config
		again.Notify = func(e protocol.Event) {
			if e == (protocol.LoginSent{}) {
				c.sweep()
			} else {
				notify(e)
			}
		}
		config = func() (*protocol.Config, error) { return &again, nil }
	}
	a := &attempt{
		system:  c.system,
		log:     log,
		profile: p,
		config:  config,
		tunnel:  c.tunnel,
		confine: c.confine,
		again:   c.phase == reconnecting,
		last:    c.inner.lease,
		found4:  func(l *dhcp.Lease) { c.post(func() { c.leaseFound(era, l) }) },
		failed4: func(err error) { c.post(func() { c.leaseFailed(era, err) }) },
		found6:  func(cfg *autoconf.Config6) { c.post(func() { c.config6Found(era, cfg) }) },

		missing6: func() { c.post(func() { c.config6Missing(era) }) },
	}
	c.attempts.group.Go(func() {
		o := a.run(ctx)
		r.ended <- o.err
		if !c.post(func() { c.attemptEnded(era, o) }) {
			o.discard()
		}
	})
	return era
}

// attemptEnded takes over what an attempt has opened, or reacts to its failure.
func (c *connection) attemptEnded(era int, o *outcome) {
	if era != c.attempts.era {
		o.discard()
		return
	}
	c.attempts.done()
	if o.opened {
		c.tunnel = o.tunnel
		c.about.setDevice(o.tunnel.tap.Name())
		c.watchTAP(o.tunnel)
	}
	if o.err != nil {
		c.attemptFailed(o.err)
		return
	}
	if c.login.config == nil { // the first session
		c.path.learn(serverOf(o.session), c.ground.now, c.profile.Persistent)
		at, _ := c.path.standing()
		c.ground.parent = at.base.name
		c.files.forget()
		o.config.Auth = sealAuth(o.config.Auth)
		c.profile.Password, c.profile.KeyPassword, c.profile.Proxy.Password, c.login.secrets = "", "", "", nil
	}
	c.sweep()
	c.login.config, c.live = o.config, o.live
	stopTimer(&c.attempts.watchdog)
	c.tally.since = time.Now()
	what, again := "connected", c.phase == reconnecting
	if again {
		c.tally.logins++
		what = fmt.Sprintf("connected again, after %v", time.Since(c.retry.since).Round(time.Millisecond))
		c.retry.stop()
	}
	c.outageEnds()
	c.attached()
	c.setPhase(up) // the announcement brings STARTED, after the configuration
	c.announce()
	c.notice(what, c.facts()...)
	c.tell(notice.Connected)
	c.watchSession(o.session)
	c.beat()
	c.lookAtGround() // it may have changed meanwhile
}

// sweep has overwritten, beside the loop, what a login has left in memory.
func (c *connection) sweep() {
	c.attempts.group.Go(func() { c.system.sweep(c.log) })
}

func (c *connection) attemptFailed(err error) {
	if c.phase == reconnecting {
		c.sweep()
		c.tryAgain(err)
		return
	}
	if c.ask(err) {
		return
	}
	c.fail(failureOf(err, c.profile), err)
}

// errTAPGone ends a connection whose device somebody else has deleted; NetworkManager itself would not notice
// (networkmanager.md 4.6).
var errTAPGone = errors.New("the TAP device was deleted")

func (c *connection) watchTAP(t *tunnel) {
	go func() {
		<-t.bridge.Done()
		c.post(func() {
			if c.tunnel != t {
				return
			}
			err := errors.Join(errTAPGone, t.bridge.Err())
			c.fail(failureOf(err, c.profile), err)
		})
	}()
}

// sessionEvent handles what the session overcomes by itself. It runs in goroutines of the session and must
// not wait for the loop, which may be closing that session.
func (c *connection) sessionEvent(era int, e protocol.Event) {
	switch e := e.(type) {
	case protocol.Detached:
		c.log.Warn("connection to the server lost, attaching to the session again", "error", e.Err)
		c.postLater(func() {
			if era == c.attempts.era && c.phase == up {
				c.outageBegins()
				c.tell(notice.Lost)
				c.detached()
			}
		})
	case protocol.Reattached:
		c.tally.reattached.Add(1)
		c.notice(fmt.Sprintf("attached to the session again, after %v", e.After.Round(time.Millisecond)), "server", e.Addr.String())
		c.postLater(func() {
			if era == c.attempts.era && c.phase == up {
				c.outageEnds()
				c.attached()
				c.announce() // the server may have been reached at another address
				c.tell(notice.Connected)
				c.walked(e.Move, e.After) // where a walk was to lead, if one was under way
			}
		})
	case protocol.Silent:
		c.postLater(func() {
			if era == c.attempts.era && c.phase == up {
				c.silent(e.After)
			}
		})
	case protocol.Moved:
		c.postLater(func() {
			if era == c.attempts.era && c.phase == up {
				c.announce()
				c.walked(e.Move, e.After)
			}
		})
	case protocol.Stayed:
		c.postLater(func() {
			if era == c.attempts.era && c.phase == up {
				c.walkFailed(e.Move, e.Err)
			}
		})
	}
}
