// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/bustest"
	"network-manager-softether/profile"
)

// together answers when all have been asked.
type together struct{ asked *sync.WaitGroup }

func (s together) GetAll(string) (map[string]dbus.Variant, *dbus.Error) {
	s.asked.Done()
	s.asked.Wait()
	return office(), nil
}

// A service that hangs keeps the others from answering if they are asked behind it.
func TestServicesAreAskedAtTheSameTime(t *testing.T) {
	bus := bustest.New(t, "../data/nm-softether-service.conf")
	const services = 3
	var asked sync.WaitGroup
	asked.Add(services)
	for n := range services {
		conn := bus.Connect(t)
		if err := conn.Export(together{&asked}, profile.StatusPath, "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.RequestName(fmt.Sprintf("%s.Connection_%d", profile.ServiceType, n), dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	found, silent, err := ask(ctx, bus.Connect(t))
	if len(found) != services || len(silent) > 0 || err != nil {
		t.Errorf("%d answered; %v, %v", len(found), silent, err)
	}
}
