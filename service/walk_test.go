// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

func TestASessionWalksToABetterBaseThatStays(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.base(t, "wlan0")
		st.becomes()
		time.Sleep(walkSettles / 2)
		st.becomes(without(eth)) // a plug that does not sit well
		wait(walkSettles)
		st.moved(t)
		st.becomes()
		wait(walkSettles)
		st.moved(t, true)
		st.base(t, "eth0")
		st.event(protocol.Moved{Addr: serverAddr})
		st.expect(t)
		st.Disconnect()
	})
}

// walking has a session on its way from the Wi-Fi to the cable.
func walking(t *testing.T) *groundStage {
	t.Helper()
	st := onGround(t, true, without(eth))
	st.becomes()
	wait(walkSettles)
	st.moved(t, true)
	return st
}

// The server counts connections that died with a former base until it notices, and refuses more.
func TestABetterBaseIsTriedAgainSoonWhereTheServerAnswers(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := walking(t)
		st.event(protocol.Stayed{Err: refused(protocol.CodeTooManyConnections)})
		st.base(t, "wlan0")
		time.Sleep(shunFirst)
		st.moved(t)
		wait(3 * walkSettles)
		st.moved(t, true)
		st.event(protocol.Moved{Addr: serverAddr})
		st.base(t, "eth0")
		st.Disconnect()
	})
}

// Where a session is lost before or during its walk, the next one walks.
func TestTheNextSessionWalksToTheBetterBase(t *testing.T) {
	for name, lost := range map[string]time.Duration{"before": walkSettles / 2, "on the way": walkSettles + time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := onGround(t, true, without(eth))
				st.becomes()
				time.Sleep(lost)
				synctest.Wait()
				st.session.die(protocol.ErrLost)
				wait(shortestPause + 2*walkSettles)
				st.base(t, "eth0")
				st.Disconnect()
			})
		})
	}
}

func TestABetterBaseThatLeadsNowhereIsLeftAlone(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := walking(t)
		st.event(protocol.Stayed{Err: errors.New("a log-in page")})
		st.base(t, "wlan0")
		st.becomes(changed(wg, func(n *nic) { n.up = false })) // any change
		time.Sleep(shunFirst)
		st.moved(t)
		wait(3 * walkSettles)
		st.moved(t, true)
		st.Disconnect()
	})
}

func TestAWalkEndsWithASessionThatIsAttachedAgain(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := walking(t)
		// All connections are lost on the way, so that neither Moved nor Stayed is told any more.
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.event(protocol.Reattached{Addr: serverAddr})
		st.base(t, "eth0")
		st.call(func() error {
			if st.ground.walk != nil {
				t.Error("the walk goes on, so that there will never be another")
			}
			return nil
		})
		st.Disconnect()
	})
}

func TestAProfileThatDoesNotPersistStaysOnItsBase(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, false, without(eth))
		st.becomes()
		time.Sleep(time.Hour)
		st.moved(t)
		st.becomes(without(wifi)) // NetworkManager ends it soon
		wait(lossSettles)
		st.moved(t, false)
		st.base(t, "none")
		time.Sleep(time.Hour)
		st.expect(t)
		st.Disconnect()
	})
}
