// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/bustest"
	"network-manager-softether/service/notice"
)

// slow are profiles that NetworkManager takes long to show.
type slow struct {
	released chan struct{}
	asked    chan string // the UUIDs, as they are asked for
}

func (s slow) Of(uuid string) (*view, error) {
	<-s.released
	s.asked <- uuid
	return nil, errors.New("of somebody else")
}

func TestNoticesStayInOrderWhileNobodyAnswers(t *testing.T) {
	const n = 500 // far more than the channel holds
	bus := bustest.New(t, rules(t, everything))
	service := bus.Connect(t)
	export(t, service, "org.freedesktop.NetworkManager.softether.Connection_1", nil)
	conn, err := dbus.Connect(bus.Address, inOrder())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	profiles := slow{make(chan struct{}), make(chan string, n)}
	w, err := watch(conn, &screen{}, profiles, newKeeper(overBus{conn}, &screen{}))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	defer close(done)
	go w.run(done)
	for i := range n {
		if err := service.Emit(notice.Path, notice.Interface+"."+notice.Signal, strconv.Itoa(i), string(notice.Failed), string(notice.TimedOut), uint32(0)); err != nil {
			t.Fatal(err)
		}
	}
	// Those in front of this answer have arrived.
	if err := service.BusObject().Call(busName+".GetId", 0).Err; err != nil {
		t.Fatal(err)
	}
	if err := conn.BusObject().Call(busName+".GetId", 0).Err; err != nil {
		t.Fatal(err)
	}
	close(profiles.released)
	for i := range n {
		select {
		case got := <-profiles.asked:
			if got != strconv.Itoa(i) {
				t.Fatalf("notice %s comes as number %d", got, i)
			}
		case <-time.After(time.Minute):
			t.Fatalf("notice %d does not come", i)
		}
	}
}
