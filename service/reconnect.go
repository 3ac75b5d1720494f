// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/notice"
)

// Pauses between attempts to reconnect. A server that does not answer can be tried more often than one that
// answers with a refusal, where each attempt is a login: so traffic flows soon after a server is back, and
// nobody gets locked out.
const (
	shortestPause = 1 * time.Second  // also between any two TCP connections (architecture.md, decision 6)
	knockPause    = 5 * time.Second  // the longest pause while the server cannot be reached
	refusedFirst  = 10 * time.Second // the shortest pause after "hub offline", "too many sessions", doubling up to
	refusedPause  = 60 * time.Second
)

// quickRefusals are the pauses after the first refusals: a server that is just starting, or a hub, may refuse at first.
var quickRefusals = []time.Duration{2 * time.Second, 3 * time.Second, 5 * time.Second}

// retry is the state while there is no session.
type retry struct {
	since    time.Time
	attempts int
	refusals int // refusals among the answers
	timer    *time.Timer
}

func (l *retry) stop() {
	stopTimer(&l.timer)
	*l = retry{}
}

// sessionLost starts to reconnect. The session has already tried to re-attach, so this is about a new login.
// TAP, addresses, routes and DNS stay.
func (c *connection) sessionLost(err error) {
	c.live.drop(c.tunnel)
	c.attempts.cancel()
	if final(err) {
		c.fail(failureOf(err, c.profile), err)
		return
	}
	c.enter(reconnecting)
	c.halt()
	c.tell(notice.Lost)
	c.retry = retry{since: time.Now()}
	c.outageBegins()
	c.log.Warn("session lost, logging in again", "error", err, "remedy", protocol.Hint(err))
	if astray(err) && c.serverAway() {
		return
	}
	c.tryAgainIn(shortestPause)
}

// tryAgain goes on after an attempt that failed with err.
func (c *connection) tryAgain(err error) {
	limit := c.profile.ReconnectAttempts
	switch {
	case final(err):
		c.fail(failureOf(err, c.profile), err)
		return
	case limit > 0 && c.retry.attempts >= limit:
		c.fail(nmvpn.FailureConnect, fmt.Errorf("gave up after %d attempts to reconnect (reconnect-attempts): %w", limit, err))
		return
	}
	if astray(err) && c.serverAway() {
		c.log.Warn("could not reconnect", "attempt", c.retry.attempts, "error", err)
		return
	}
	pause := c.retry.pause(err, c.profile.ReconnectInterval)
	c.log.Warn("could not reconnect", "attempt", c.retry.attempts, "error", err, "remedy", c.remedy(err), "again-in", pause.Round(100*time.Millisecond))
	c.tryAgainIn(pause)
}

func (c *connection) tryAgainIn(pause time.Duration) {
	if at, _ := c.path.standing(); at.lost != "" {
		return // the next base starts the next attempt
	}
	era := c.attempts.era
	c.retry.timer = c.after(pause, func() {
		if era != c.attempts.era || c.phase != reconnecting {
			return
		}
		c.retry.attempts++
		c.startAttempt()
	})
}

// final reports whether no further attempt can help: the server or the proxy refuses the user, and trying
// again would lock the account, or a policy has ended the session.
func final(err error) bool {
	if server, ok := errors.AsType[*protocol.ServerError](err); ok && server.Code == protocol.CodeAutoDisconnected {
		return true
	}
	kind, _ := protocol.Classify(err)
	return kind == protocol.KindLogin || errors.Is(err, errTAPGone)
}

// astray reports whether an error is due to the way to the server, or to somebody else on it: behind the login page of a
// Wi-Fi there is another server, or none.
func astray(err error) bool {
	if _, ok := errors.AsType[*protocol.CertificateError](err); ok {
		return true
	}
	for _, way := range []error{protocol.ErrUnreachable, protocol.ErrTimeout, protocol.ErrTLS, protocol.ErrNotSoftEther} {
		if errors.Is(err, way) {
			return true
		}
	}
	return false
}

// pause returns how long to wait after err. interval is reconnect-interval.
func (l *retry) pause(err error, interval time.Duration) time.Duration {
	var pause time.Duration
	server, refused := errors.AsType[*protocol.ServerError](err)
	if refused {
		l.refusals++
	}
	switch {
	case !refused:
		pause = min(time.Duration(l.attempts)*shortestPause, knockPause, interval)
		if _, ok := errors.AsType[*protocol.CertificateError](err); ok {
			pause = interval // a captive portal goes away, but not within seconds
		}
	case l.refusals <= len(quickRefusals):
		pause = quickRefusals[l.refusals-1]
	case server.Code.Retry() == protocol.RetryLater:
		// Connections of people outlive a short outage, and should outlive what is waited after it.
		doubled := min(l.refusals-len(quickRefusals)-1, 8)
		pause = max(min(refusedFirst<<doubled, refusedPause), interval)
	default:
		pause = interval
	}
	// Many clients lose the same server at the same moment.
	return max(pause, shortestPause) + rand.N(pause/8+1)
}
