// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"sync"
	"time"

	"network-manager-softether/profile"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/notice"
)

// networkManager is what a connection tells NetworkManager; *nmvpn.Plugin implements it.
type networkManager interface {
	StateChanged(nmvpn.State)
	Failure(nmvpn.Failure)
	Config(nmvpn.Config)
	IP4Config(nmvpn.IPConfig)
	IP6Config(nmvpn.IPConfig)
	SecretsRequired(message string, hints []string)
	Notice(notice.Notice)
	// WatchPeer calls gone once when the owner of a unique bus name leaves the bus.
	WatchPeer(name string, gone func()) (stop func())
}

// profileEditor changes what NetworkManager has stored; *nmvpn.Editor implements it.
type profileEditor interface {
	// ReplaceSecret replaces a secret that is stored with the profile; it blocks until NetworkManager has
	// answered.
	ReplaceSecret(uuid, name, value string, sent map[string]string) error
	Close() error
}

// connection is the one VPN connection of this process. All fields below inbox are owned by the goroutine in
// run; everybody else uses post or call.
type connection struct {
	nm      networkManager
	log     *slog.Logger
	about   *subject     // what the lines of the log are about
	system  system       // sessions and TAP devices, replaced in tests
	confine func() error // gives up privileges before the first login, once
	persist bool         // --persist: wait for Connect for ever

	inbox chan func() // messages to the loop
	later backlog     // from goroutines that must not wait for the loop
	gone  chan struct{}

	phase    phase
	ended    bool // the loop returns after this message
	profile  *profile.Profile
	warned   []string // warnings about the profile that were logged
	login    login
	attempts attempts

	tunnel *tunnel       // from the first login to the end
	live   live          // empty while there is no session
	inner  inner         // what the network in the tunnel offers
	files  *profileFiles // what was read from the files that the profile names
	path   *serverPath   // resolver and dialer, with what was learned about the route to the server
	retry  retry         // in phase reconnecting
	ground roaming       // what the tunnel's own packets travel over
	tally  tally         // counters since it came up

	owners  []uint32    // uids of the profile's users
	unwatch func()      // stops watching the bus name that called Connect
	quit    *time.Timer // ends the wait for Connect
}

func newConnection(log *slog.Logger, about *subject, sys system, persist bool) *connection {
	return &connection{
		log:     log,
		about:   about,
		system:  sys,
		confine: sync.OnceValue(func() error { return sys.confine(log) }),
		persist: persist,
		inbox:   make(chan func()),
		gone:    make(chan struct{}),
		files:   new(profileFiles),
		path:    newServerPath(log, sys.nameServers),
	}
}

// run is the loop. It returns when the connection has ended for good and everything it had opened is closed.
func (c *connection) run() {
	defer close(c.gone)
	c.waitForConnect()
	for !c.ended {
		(<-c.inbox)()
	}
}

// goodbye is how long an ending process waits for an attempt to close its session.
const goodbye = 2 * time.Second

// awaitAttempts waits, after the loop has ended, until cancelled attempts have closed what they had opened: a
// session without a close_notify lingers on the server.
func (c *connection) awaitAttempts() {
	done := make(chan struct{})
	go func() { c.attempts.group.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(goodbye):
		c.log.Debug("gave up waiting for a cancelled attempt")
	}
}

// post passes f to the loop; it may block briefly. It returns false, and f is not run, if the loop has ended.
func (c *connection) post(f func()) bool {
	select {
	case c.inbox <- f:
		return true
	case <-c.gone:
		return false
	}
}

// call runs f in the loop and returns its error, or AlreadyStopped if the loop has ended.
func (c *connection) call(f func() error) error {
	answer := make(chan error, 1)
	c.post(func() { answer <- f() })
	select {
	case err := <-answer:
		return err
	case <-c.gone:
		select {
		case err := <-answer: // it was the last message
			return err
		default:
			return nmvpn.Errorf(nmvpn.ErrorAlreadyStopped, "the VPN connection has ended")
		}
	}
}

// after posts f in d, unless the returned timer is stopped in time; f has to check that it still applies, as
// it may already be in the inbox.
func (c *connection) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { c.post(f) })
}

// idleQuit is how long the process waits for a Connect, as libnm's plugins do
// (networkmanager.md 1.4).
const idleQuit = 180 * time.Second

// waitForConnect starts or restarts the time after which an unused process ends.
func (c *connection) waitForConnect() {
	stopTimer(&c.quit)
	if c.persist {
		return
	}
	c.quit = c.after(idleQuit, func() {
		if c.phase == idle {
			c.unasked("nobody asked for a connection, quitting", "waited", idleQuit)
			c.stop()
		}
	})
}

// fail ends the connection and tells NetworkManager why: always with both signals, in this order, once.
func (c *connection) fail(kind nmvpn.Failure, err error) {
	c.logFailure(kind, err)
	c.nm.Failure(kind)
	c.stop()
}

// stop takes everything down, from any phase, and ends the process, which has no privilege left to open
// another device.
func (c *connection) stop() {
	if c.phase == stopped {
		return
	}
	if c.phase != idle {
		c.enter(stopping)
	}
	c.tell(notice.Stopped)
	c.teardown()
	c.enter(stopped)
	c.ended = true
}

// teardown closes the session politely, then the TAP, and forgets the connection's state.
func (c *connection) teardown() {
	stopTimer(&c.quit)
	c.retry.stop()
	if c.unwatch != nil {
		c.unwatch()
		c.unwatch = nil
	}
	c.attempts.cancel()
	if c.login.editor != nil {
		c.login.editor.Close()
	}
	stopTimer(&c.attempts.watchdog)
	c.release()
	c.live.drop(c.tunnel)
	if c.tunnel != nil {
		c.tunnel.close()
		c.tunnel = nil
	}
	c.profile, c.warned, c.login = nil, nil, login{}
	c.inner.forget()
	c.owners, c.tally.logins = nil, 0
	c.tally.reattached.Store(0)
	c.about.setDevice("")
	c.files.forget()
	c.leaveGround()
	c.path.close()
}

func stopTimer(t **time.Timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}
