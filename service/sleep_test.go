// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"testing/synctest"

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
