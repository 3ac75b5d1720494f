// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	"network-manager-softether/service/nmvpn"
)

// A phase is the state of a connection. It is finer than NetworkManager's state.
type phase int

const (
	idle         phase = iota // waiting for Connect
	connecting                // an attempt runs: login, TAP, lease
	asking                    // waiting for NewSecrets; no attempt runs
	up                        // NetworkManager has a configuration, the session lives
	reconnecting              // as up, but the session is lost: TAP and addresses stay
	stopping                  // session, TAP and timers are being taken down
	stopped
)

// transitions is the whole state machine: from each phase, the phases that may follow.
var transitions = map[phase][]phase{
	idle:         {connecting, stopped},
	connecting:   {asking, up, stopping},
	asking:       {connecting, stopping},
	up:           {reconnecting, stopping},
	reconnecting: {up, stopping},
	stopping:     {stopped},
}

// states maps a phase to what NetworkManager is told. Reconnecting stays STARTED, so
// that addresses, routes and DNS stay in place (networkmanager.md 4.6).
var states = map[phase]nmvpn.State{
	idle:         nmvpn.StateInit,
	connecting:   nmvpn.StateStarting,
	asking:       nmvpn.StateStarting,
	up:           nmvpn.StateStarted,
	reconnecting: nmvpn.StateStarted,
	stopping:     nmvpn.StateStopping,
	stopped:      nmvpn.StateStopped,
}

func (p phase) String() string {
	return [...]string{"idle", "connecting", "asking", "up", "reconnecting", "stopping", "stopped"}[p]
}

func (p phase) mayBecome(next phase) bool { return slices.Contains(transitions[p], next) }

// enter changes the phase, and tells NetworkManager if that is a change of its state.
func (c *connection) enter(next phase) {
	before := states[c.phase]
	c.setPhase(next)
	if states[next] != before {
		c.nm.StateChanged(states[next])
	}
}

// setPhase changes the phase. A transition that is not in the table is a bug in this program.
func (c *connection) setPhase(next phase) {
	if !c.phase.mayBecome(next) {
		panic(fmt.Sprintf("service: no transition from %v to %v", c.phase, next))
	}
	c.log.Debug("phase", "from", c.phase.String(), "to", next.String())
	c.phase = next
}
