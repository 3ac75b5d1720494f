// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/internal/datapath"
)

// A keeper gives a session the connections it may have: one after the other, with a pause between them
// (softether-protocol.md 8.3). It replaces those that are lost, and those that have reached their lifetime.
// It belongs to the goroutine of supervise.
type keeper struct {
	s         *Session
	due       *time.Timer        // when to act
	earliest  time.Time          // of the next attempt
	failures  int                // failed attempts in a row
	strays    bool               // the server may still count connections that are lost
	stale     []*datapath.Conn   // to be replaced at once, as they stand on ground that is being left
	walkBegan time.Time          // when the walk to other ground began; zero: none is under way
	move      int                // which move that is
	cancel    context.CancelFunc // of the attempt under way; nil: none is
	attempts  chan attempt       // its result
}

type attempt struct {
	c   *datapath.Conn
	err error
}

func newKeeper(s *Session) *keeper {
	k := &keeper{s: s, due: time.NewTimer(time.Hour), attempts: make(chan attempt, 1)}
	k.begin()
	return k
}

// begin waits before opening the second connection once the first is there. In half-duplex sessions it does
// not: the server cannot send before there are two.
func (k *keeper) begin() {
	k.stale, k.walkBegan = nil, time.Time{}
	if k.s.half {
		k.pause(0)
	} else {
		k.pause(k.s.dialer.interval())
	}
}

// pause postpones the next attempt until d from now.
func (k *keeper) pause(d time.Duration) {
	k.earliest = time.Now().Add(d)
	k.plan()
}

// plan sets the timer for whatever is to be done next.
func (k *keeper) plan() {
	k.due.Stop()
	if k.cancel != nil {
		return
	}
	at := k.earliest
	missing := k.missing()
	if !missing && k.s.half && k.leaving() {
		return // lost comes next
	}
	if !missing && !k.walking() {
		old := k.oldest()
		if old == nil {
			return
		}
		if end := old.Born.Add(k.s.dialer.ConnectionLifetime); end.After(at) {
			at = end
		}
	}
	k.due.Reset(time.Until(at))
}

// act opens another connection, either because one is missing or to replace one that has reached its
// lifetime: the server accepts one more than granted. In half-duplex sessions the old one goes first, or the
// new one would get the wrong direction.
func (k *keeper) act() {
	all := k.s.tcp.Conns()
	if len(all) == 0 {
		return // the session could not be re-attached, and is about to end
	}
	walking := k.walking()
	if !k.missing() && (!walking || k.s.half) {
		old := k.expired()
		if walking {
			old = k.stale[0]
		}
		if old != nil && k.s.half {
			k.s.retire(old)
			k.pause(0)
			return
		}
		if old == nil {
			k.plan()
			return
		}
	}
	ctx, cancel := context.WithCancel(k.s.ctx)
	k.cancel = cancel
	k.earliest = time.Now().Add(k.s.dialer.interval())
	to := targets{list: []netip.AddrPort{all[len(all)-1].Addr}}
	if walking {
		to = k.s.targets(to.list[0], 0)
	}
	k.s.wg.Go(func() {
		c, err := k.s.attach(ctx, to)
		k.attempts <- attempt{c, err}
	})
}

// ended handles the result of an attempt.
func (k *keeper) ended(a attempt) {
	k.cancel()
	k.cancel = nil
	walking := !k.walkBegan.IsZero()
	if a.err != nil && walking {
		if errors.Is(a.err, unix.EHOSTUNREACH) && time.Since(k.walkBegan) < k.s.dialer.reattachSpacing {
			k.pause(k.s.dialer.reattachLocal) // the router over there may just have come
		} else {
			k.stay(a.err)
		}
		return
	}
	if a.err != nil {
		k.failed(a.err)
		return
	}
	k.failures = 0
	old := k.expired()
	full := !k.missing()
	k.s.add(a.c)
	k.s.dialer.log.Debug("connection added", "from", a.c.Raw.LocalAddr(), "direction", a.c.Direction, "connections", k.s.Connections())
	switch {
	case walking:
		if !k.s.half || !k.walking() {
			k.arrived(a.c)
		}
	case full && old != nil:
		k.s.retire(old)
	}
	k.plan()
}

// lost takes note of a lost connection. The server may not know that it is lost: on one that it only sends
// on, it never notices, as it expects nothing there, and goes on sending its share of the frames into the
// void (seen on 5.01.9674).
func (k *keeper) lost(c *datapath.Conn) {
	if c.Direction == datapath.FromServer && !errors.Is(c.Err(), datapath.ErrServerClosed) && !c.Retiring() {
		k.strays = true
	}
	k.plan()
}

// failed decides when to try again. The present connections go on, whatever the answer was: should the server
// have forgotten the session, they end by themselves. The exception is when there are strays and the server
// turns out to hold too many connections.
func (k *keeper) failed(err error) {
	k.failures++
	pause := k.s.dialer.interval() << min(k.failures, 6)
	if isFinal(err) {
		pause = max(pause, k.s.dialer.attachPause)
	}
	pause = min(pause, max(k.s.dialer.attachPause, k.s.dialer.interval()))
	var refused *ServerError
	if errors.As(err, &refused) && refused.Code == CodeTooManyConnections {
		switch old := k.expired(); {
		case k.missing() && k.strays:
			over := &Error{
				Op: "re-attach", Addr: k.s.Info().ServerAddr.String(),
				Err: fmt.Errorf("%w: the server sends on connections that no longer exist", ErrLost),
			}
			k.s.dialer.log.Warn("session is over", "session", k.s.Info().SessionName, "error", over)
			k.s.end(over)
			return
		case !k.missing() && old != nil && k.s.most > 1:
			k.s.retire(old) // this server takes no surplus: the old one has to go first
		}
	}
	log := k.s.dialer.log.Debug
	if k.failures == 1 && isFinal(err) {
		log = k.s.dialer.log.Warn
	}
	log("no additional connection", "error", err, "connections", k.s.Connections(), "again in", pause)
	k.pause(pause)
}

// interrupt ends the attempt under way, if there is one. It returns the connection if the attempt has
// succeeded nevertheless.
func (k *keeper) interrupt() *datapath.Conn {
	if k.cancel == nil {
		return nil
	}
	k.cancel()
	k.cancel = nil
	return (<-k.attempts).c
}

// stop ends the keeper and returns the connection that was just being opened, or nil.
func (k *keeper) stop() *datapath.Conn {
	k.due.Stop()
	return k.interrupt()
}
