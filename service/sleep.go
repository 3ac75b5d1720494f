// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names of logind on the bus (org.freedesktop.login1(5)).
const (
	logindName  = "org.freedesktop.login1"
	logindPath  = "/org/freedesktop/login1"
	logindIface = "org.freedesktop.login1.Manager"
)

// busAnswer is how long logind and the bus are given to answer.
const busAnswer = 10 * time.Second

// watchSleep calls changed when the computer is about to sleep, and when it is awake again. The computer
// waits for ready before it sleeps, for as long as logind allows (5 s). Without logind, nothing is ever
// called.
func watchSleep(conn *dbus.Conn, log *slog.Logger, changed func(asleep bool, ready func())) (stop func(), err error) {
	signals := make(chan *dbus.Signal, 4)
	match := []dbus.MatchOption{dbus.WithMatchSender(logindName), dbus.WithMatchObjectPath(logindPath), dbus.WithMatchInterface(logindIface), dbus.WithMatchMember("PrepareForSleep")}
	conn.Signal(signals)
	if err := conn.AddMatchSignal(match...); err != nil {
		conn.RemoveSignal(signals)
		return nil, fmt.Errorf("watch for sleep: %w", err)
	}
	done := make(chan struct{})
	go func() {
		lock := inhibit(conn, log)
		who := logind{lookUp: func() (owner string, err error) {
			ctx, cancel := context.WithTimeout(context.Background(), busAnswer)
			defer cancel()
			err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, logindName).Store(&owner)
			return owner, err
		}}
		defer func() { lock.Close() }() // on a nil *os.File it only returns an error
		for {
			select {
			case s, ok := <-signals:
				if !ok {
					return
				}
				asleep, valid := prepareForSleep(s)
				if !valid || !who.sent(s.Sender) {
					continue
				}
				if !asleep {
					changed(false, func() {}) // logind may have much to do now
					lock.Close()
					lock = inhibit(conn, log)
					continue
				}
				held := lock
				changed(true, sync.OnceFunc(func() { held.Close() }))
			case <-done:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		conn.RemoveSignal(signals)
		close(done)
		_ = conn.RemoveMatchSignal(match...) // fails when the bus is gone, which is fine
	}), nil
}

// logind knows the unique bus name of logind's connection.
type logind struct {
	lookUp func() (owner string, err error)
	owner  string
	asked  time.Time
}

// askAgain is how long a sender that is not logind's keeps the bus from being asked again.
const askAgain = time.Second

// sent reports whether that sender is logind: anybody can send a signal like its own, and as fast as the bus takes it. Those
// that come while the bus is asked would have to be kept, so it is asked rarely; it never gives a name a second time.
func (l *logind) sent(sender string) bool {
	if l.owner == sender && sender != "" {
		return true
	}
	if !l.asked.IsZero() && time.Since(l.asked) < askAgain {
		return false
	}
	l.asked = time.Now()
	owner, err := l.lookUp()
	if err != nil {
		return false
	}
	l.owner = owner
	return owner == sender
}

// prepareForSleep reads logind's signal.
func prepareForSleep(s *dbus.Signal) (asleep, valid bool) {
	if s.Name != logindIface+".PrepareForSleep" || s.Path != logindPath || len(s.Body) != 1 {
		return false, false
	}
	asleep, valid = s.Body[0].(bool)
	return asleep, valid
}

// inhibit makes logind wait before the computer sleeps, until the file is closed. It returns nil if that is
// not possible.
func inhibit(conn *dbus.Conn, log *slog.Logger) *os.File {
	ctx, cancel := context.WithTimeout(context.Background(), busAnswer)
	defer cancel()
	var fd dbus.UnixFD
	err := conn.Object(logindName, logindPath).CallWithContext(ctx, logindIface+".Inhibit", dbus.FlagNoAutoStart, "sleep", "SoftEther VPN",
		"The VPN server is told that this computer leaves.", "delay").Store(&fd)
	if err != nil {
		log.Debug("cannot delay suspend", "error", err)
		return nil
	}
	return os.NewFile(uintptr(fd), "inhibitor")
}

// sleepMost is how long a computer takes to fall asleep, and to say that it is awake: Go's timers stand still in between.
const sleepMost = time.Minute

// goesToSleep is why there is no base meanwhile.
const goesToSleep = "the computer goes to sleep"

// closeGrace is how long the packets that close the connections are given to leave the computer.
const closeGrace = 200 * time.Millisecond

// sleep leaves the server before the computer sleeps, and comes back once it is awake. Its connections are
// closed, but the session waits for as long as the server keeps it: after a short sleep it goes on, after a
// long one there is a new login at once, instead of a wait for an answer from a server that has forgotten
// this computer.
func (c *connection) sleep(asleep bool, ready func()) {
	stopTimer(&c.ground.nobody)
	if !asleep {
		c.ground.asleep = false
		if at, _ := c.path.standing(); at.lost == goesToSleep {
			c.path.lose("the computer was asleep")
		}
		if c.tunnel != nil {
			c.tunnel.countLifetimes()
		}
		c.lookAtGround()
		return
	}
	at, known := c.path.standing()
	if !known || c.phase != up && c.phase != reconnecting {
		ready()
		return
	}
	c.ground.asleep = true
	c.ground.nobody = c.after(sleepMost, func() {
		c.log.Warn("logind has not said that the computer is awake")
		c.sleep(false, ready)
	})
	if at.lost == "" {
		c.baseLost(goesToSleep)
	}
	time.AfterFunc(closeGrace, ready)
}
