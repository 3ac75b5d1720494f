// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/internal/bubbletest"
)

func TestSleepLeavesTheServer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		ready := make(chan struct{})
		st.sleep(true, func() { close(ready) })
		synctest.Wait()
		st.moved(t, false)
		st.becomes(without(wifi)) // the base is there, but not to be used
		st.base(t, "none")
		<-ready
		st.sleep(false, func() {})
		synctest.Wait()
		st.moved(t, false)
		st.base(t, "eth0")
		if said := strings.Join(st.logged.lines, "\n"); !strings.Contains(said, "waiting for a network: the computer goes to sleep") || !strings.Contains(said, "going on over eth0 via 10.1.0.1: the computer was asleep") {
			t.Errorf("the journal says\n%s", said)
		}
		st.Disconnect()
	})
}

func TestLogindsSignal(t *testing.T) {
	good := &dbus.Signal{Path: logindPath, Name: logindIface + ".PrepareForSleep", Body: []any{true}}
	if asleep, ok := prepareForSleep(good); !ok || !asleep {
		t.Errorf("%v, %v", asleep, ok)
	}
	for _, s := range []*dbus.Signal{
		{Path: "/", Name: good.Name, Body: good.Body},
		{Path: good.Path, Name: "other.PrepareForSleep", Body: good.Body},
		{Path: good.Path, Name: good.Name},
		{Path: good.Path, Name: good.Name, Body: []any{"true"}},
	} {
		if _, ok := prepareForSleep(s); ok {
			t.Errorf("%v was believed", s)
		}
	}
}

// Somebody's signals like logind's do not make the service ask the bus for each of them.
func TestOnlyLogindIsBelieved(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		asked, owner := 0, ":1.4"
		l := logind{lookUp: func() (string, error) { asked++; return owner, nil }}
		for range 1000 {
			if l.sent(":1.99") {
				t.Fatal("another sender is believed")
			}
		}
		if !l.sent(":1.4") || asked != 1 {
			t.Errorf("logind is not known after the bus was asked %d times, want once", asked)
		}
		owner = ":1.7" // logind was restarted
		time.Sleep(askAgain)
		if !l.sent(":1.7") || asked != 2 {
			t.Errorf("the restarted logind is not known after the bus was asked %d times, want twice", asked)
		}
	})
}
