// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

func TestASilentServerIsLookedForOnTheOtherBase(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.event(protocol.Silent{After: 4 * time.Second})
		st.moved(t, true)
		st.base(t, "wlan0")
		st.event(protocol.Moved{Addr: serverAddr})
		st.becomes(changed(wg, func(n *nic) { n.up = false })) // any change
		wait(shunFirst / 2)
		st.moved(t) // the better base is not the better one now
		wait(shunFirst)
		st.moved(t, true)
		st.base(t, "eth0")
		st.Disconnect()
	})
}

func TestASilentServerIsWaitedForWhereNothingElseLeadsToIt(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.event(protocol.Silent{After: 4 * time.Second})
		st.moved(t, true)
		st.event(protocol.Stayed{Err: errors.New("a log-in page")})
		st.base(t, "eth0")
		st.event(protocol.Silent{After: 8 * time.Second})
		wait(walkSettles)
		st.moved(t, true)
		st.base(t, "eth0")
		st.Disconnect()
	})
}

func TestASilentServerIsTheOnlyBasesMatterUntilThereIsAnother(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.event(protocol.Silent{After: 4 * time.Second})
		st.moved(t, true)
		st.base(t, "eth0")
		st.becomes() // the Wi-Fi comes up
		st.moved(t, true)
		st.base(t, "wlan0")
		st.Disconnect()
	})
}

func TestSilenceThatIsOverMovesNobody(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.event(protocol.Silent{After: 4 * time.Second})
		st.moved(t, true) // over the only base
		wait(silentFor)
		st.becomes()
		wait(walkSettles)
		st.moved(t)
		st.base(t, "eth0")
		st.Disconnect()
	})
}

func TestAProfileThatStaysWaitsForASilentServer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, false)
		st.event(protocol.Silent{After: 4 * time.Second})
		st.moved(t, true)
		st.base(t, "eth0")
		st.event(protocol.Detached{Err: protocol.ErrLost})
		wait(detachedPatience)
		st.moved(t)
		st.Disconnect()
	})
}

func TestASessionWithoutAConnectionTriesTheOtherBase(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.event(protocol.Detached{Err: protocol.ErrLost})
		wait(detachedPatience / 2)
		st.moved(t)
		wait(detachedPatience / 2)
		st.moved(t, false)
		st.base(t, "wlan0")
		st.event(protocol.Reattached{Addr: serverAddr})
		wait(shunFirst / 2)
		st.moved(t)
		st.Disconnect()
	})
}

func TestASessionThatIsBackInTimeStays(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.event(protocol.Detached{Err: protocol.ErrLost})
		wait(detachedPatience / 2)
		st.event(protocol.Reattached{Addr: serverAddr})
		wait(detachedPatience)
		st.moved(t)
		st.base(t, "eth0")
		st.Disconnect()
	})
}

func TestAServerThatHasEndedTheSessionIsLoggedInToOverTheOtherBase(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.event(protocol.Silent{After: 4 * time.Second})
		wait(shunFirst) // the other base is slow
		st.event(protocol.Stayed{Err: &protocol.ServerError{Code: protocol.CodeSessionTimeout}})
		st.becomes(changed(wg, func(n *nic) { n.up = false })) // any change
		st.base(t, "wlan0")
		wait(2 * shortestPause)
		if n := len(st.dialled); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
		st.base(t, "wlan0")
		st.Disconnect()
	})
}

// A router that has forgotten the session's connections, or a server with another address now, is heard over new ones.
func TestASilentServerIsTriedAnewOverTheOnlyBase(t *testing.T) {
	silent := protocol.Silent{After: 2 * time.Second}
	for name, tt := range map[string]struct {
		answer protocol.Event
		again  []bool // what the next silence brings
		logins int
	}{
		"no answer yet":                {nil, nil, 1},
		"it is heard":                  {protocol.Moved{Addr: serverAddr}, []bool{true}, 1},
		"nobody answers":               {protocol.Stayed{Err: protocol.ErrUnreachable}, []bool{true}, 1},
		"it takes no more":             {protocol.Stayed{Err: refused(protocol.CodeTooManyConnections)}, []bool{false}, 1},
		"it has forgotten the session": {protocol.Stayed{Err: refused(protocol.CodeSessionTimeout)}, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := onGround(t, true, without(wifi))
				st.event(silent)
				st.moved(t, true)
				st.base(t, "eth0")
				if tt.answer != nil {
					st.event(tt.answer)
				}
				wait(2 * shortestPause)
				if tt.logins == 1 {
					st.event(protocol.Silent{After: time.Minute})
				}
				st.moved(t, tt.again...)
				if n := len(st.dialled); n != tt.logins {
					t.Errorf("%d logins, want %d", n, tt.logins)
				}
				st.Disconnect()
			})
		})
	}
}

// In a half-duplex session one connection has to go before another one comes, and those over a slow network are too good to give up.
func TestAHalfDuplexSessionWaitsForASilentServer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.call(func() error { st.session.info.HalfDuplex = true; return nil })
		st.event(protocol.Silent{After: 2 * time.Second})
		st.moved(t)
		st.becomes(without(wifi), router(eth, "10.1.0.3", true))
		st.moved(t, false)
		st.Disconnect()
	})
}

// One of the ways is tried at any time, as the server may be heard again at any time.
func TestASilentServerIsSoughtWithoutAPause(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.event(protocol.Silent{After: 2 * time.Second})
		st.base(t, "wlan0")
		st.moved(t, true)
		time.Sleep(knockMost)
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.base(t, "eth0")
		st.moved(t, true) // new connections beside those of before
		time.Sleep(knockMost)
		st.event(protocol.Silent{After: 4 * time.Second})
		st.base(t, "wlan0") // which has been left alone for long enough
		st.moved(t, true)
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.base(t, "eth0")
		st.moved(t, true)
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.base(t, "eth0")
		st.moved(t, true)
		st.event(protocol.Moved{Addr: serverAddr})
		wait(time.Minute)
		st.base(t, "eth0")
		st.moved(t)
		st.Disconnect()
	})
}
