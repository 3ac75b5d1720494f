// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/lab/bustest"
)

func TestWatchPeerSeesItLeave(t *testing.T) {
	for _, tt := range []struct {
		name  string
		leave func(bus *bustest.Bus, peer *dbus.Conn)
	}{
		{"the peer closes", func(_ *bustest.Bus, peer *dbus.Conn) { peer.Close() }},
		{"the bus dies", func(bus *bustest.Bus, _ *dbus.Conn) { bus.Stop() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bus := bustest.New(t, policy)
			p := start(t, bus, &caller{})
			peer := bus.Connect(t)
			gone := make(chan bool, 1)
			stop := p.WatchPeer(peer.Names()[0], func() { gone <- true })
			defer stop()
			forged := &dbus.Message{Type: dbus.TypeSignal, Body: []any{peer.Names()[0], peer.Names()[0], ""}, Headers: map[dbus.HeaderField]dbus.Variant{
				dbus.FieldDestination: dbus.MakeVariant(p.conn.Names()[0]),
				dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/DBus")),
				dbus.FieldInterface:   dbus.MakeVariant("org.freedesktop.DBus"),
				dbus.FieldMember:      dbus.MakeVariant("NameOwnerChanged"),
				dbus.FieldSignature:   dbus.MakeVariant(dbus.ParseSignatureMust("sss")),
			}}
			if c := bus.Connect(t).Send(forged, nil); c != nil && c.Err != nil {
				t.Fatal(c.Err)
			}
			select {
			case <-gone:
				t.Fatal("gone before it left")
			case <-time.After(100 * time.Millisecond):
			}
			tt.leave(bus, peer)
			select {
			case <-gone:
			case <-time.After(leaktest.Patience):
				t.Fatal("not noticed")
			}
		})
	}
	t.Run("it had left before", func(t *testing.T) {
		bus := bustest.New(t, policy)
		p := start(t, bus, &caller{})
		gone := make(chan bool, 1)
		defer p.WatchPeer(":1.4711", func() { gone <- true })()
		select {
		case <-gone:
		case <-time.After(leaktest.Patience):
			t.Fatal("not noticed")
		}
	})
}
