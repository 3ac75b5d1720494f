// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

// What a session answers to one move is on its way while the loop has gone on to the next.
func TestAnAnswerIsForItsOwnMove(t *testing.T) {
	const proof, walk = 1, 2
	for name, late := range map[string]protocol.Event{
		"the proof failed":         protocol.Stayed{Move: proof, Err: protocol.ErrUnreachable},
		"the proof was refused":    protocol.Stayed{Move: proof, Err: refused(protocol.CodeTooManyConnections)},
		"the session is forgotten": protocol.Stayed{Move: proof, Err: refused(protocol.CodeSessionTimeout)},
		"the session lives":        protocol.Moved{Move: proof, Addr: serverAddr},
		"it was attached again":    protocol.Reattached{Move: proof, Addr: serverAddr},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				walking := func(st *groundStage) {
					t.Helper()
					st.base(t, "wlan0")
					st.call(func() error {
						if w := st.ground.walk; w == nil || w.move != walk {
							t.Errorf("the walk is %+v", w)
						}
						return nil
					})
				}
				st, clock := asleepOnGround(t)
				clock.sleep(time.Minute)
				wait(pulseRate)
				st.moved(t, true)
				st.event(protocol.Silent{After: 4 * time.Second}) // it goes elsewhere before it has shown anything
				st.moved(t, true)
				walking(st)
				st.event(late)
				walking(st)
				st.moved(t)
				st.event(protocol.Stayed{Move: walk, Err: errors.New("a log-in page")})
				st.base(t, "eth0")
				if _, failed := late.(protocol.Stayed); failed {
					st.moved(t, true) // nothing has been heard here yet
				}
				st.event(late)
				st.moved(t)
				if n := len(st.dialled); n != 1 {
					t.Errorf("%d logins, want 1", n)
				}
				st.Disconnect()
			})
		})
	}
}

// A base is left at once while the session is still to show that it lives there.
func TestAFailedProofIsNothingToABaseThatIsReachedMeanwhile(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st, clock := asleepOnGround(t)
		clock.sleep(time.Minute)
		wait(pulseRate)
		st.moved(t, true)
		st.becomes(without(eth))
		st.moved(t, false)
		st.base(t, "wlan0")
		st.event(protocol.Stayed{Move: 1, Err: protocol.ErrUnreachable})
		st.moved(t) // what is being opened there is not stranded
		st.base(t, "wlan0")
		st.Disconnect()
	})
}
