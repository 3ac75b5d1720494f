// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
	"network-manager-softether/service/notice"
)

// A watcher listens to what services and NetworkManager say on the system bus.
//
// Everybody may send signals there, even directly to this program. Only root may own the names of services,
// so only signals from an owner of one count; a name that has left the bus counts until its last signal has
// been read.
type watcher struct {
	system  *dbus.Conn
	signals chan *dbus.Signal
	owners  map[string]string // unique name of a service: its well-known one
	teller  *teller
	keeper  *keeper
	manager string // unique name of NetworkManager
}

// connectedLocal is the state of NetworkManager from which on there is a network (NM_STATE_CONNECTED_LOCAL).
const connectedLocal = 50

const busName = "org.freedesktop.DBus"

// watch starts to listen. Services that are already running are found as well.
func watch(system *dbus.Conn, d notifications, p lookup, k *keeper) (*watcher, error) {
	w := &watcher{system: system, signals: make(chan *dbus.Signal, 64), owners: map[string]string{}, keeper: k}
	w.teller = newTeller(d, p)
	system.Signal(w.signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchInterface(notice.Interface), dbus.WithMatchObjectPath(notice.Path), dbus.WithMatchMember(notice.Signal)},
		{
			dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName), dbus.WithMatchMember("NameOwnerChanged"),
			dbus.WithMatchOption("arg0namespace", profile.ServiceType),
		},
		{dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, nmName)},
		{dbus.WithMatchSender(nmName), dbus.WithMatchInterface(nmName), dbus.WithMatchMember("StateChanged")},
		{dbus.WithMatchSender(nmName), dbus.WithMatchInterface(settingsName)},
		{dbus.WithMatchSender(nmName), dbus.WithMatchInterface(settingsName + ".Connection")},
	} {
		if err := system.AddMatchSignal(match...); err != nil {
			return nil, fmt.Errorf("listen on the system bus: %w", err)
		}
	}
	_ = system.BusObject().Call(busName+".GetNameOwner", 0, nmName).Store(&w.manager) // empty before it starts
	var names []string
	if err := system.BusObject().Call(busName+".ListNames", 0).Store(&names); err != nil {
		return nil, fmt.Errorf("ask the system bus who is there: %w", err)
	}
	for _, name := range names {
		var owner string
		if ours(name) && system.BusObject().Call(busName+".GetNameOwner", 0, name).Store(&owner) == nil {
			w.owners[owner] = name
		}
	}
	return w, nil
}

// ours reports whether a bus name is that of a service.
func ours(name string) bool {
	return name == profile.ServiceType || strings.HasPrefix(name, profile.ServiceType+".")
}

// run works until done is closed or the system bus is gone.
func (w *watcher) run(done <-chan struct{}) {
	defer w.teller.stop()
	for {
		select {
		case s, ok := <-w.signals:
			if !ok {
				return
			}
			w.take(s)
		case f := <-w.teller.later:
			f()
		case <-done:
			return
		}
	}
}

func (w *watcher) take(s *dbus.Signal) {
	switch s.Name {
	case busName + ".NameOwnerChanged":
		var name, before, now string
		if dbus.Store(s.Body, &name, &before, &now) != nil || s.Sender != busName {
			return
		}
		if name == nmName {
			w.manager = now
			w.keeper.wake()
		}
		if !ours(name) {
			return
		}
		if before != "" {
			delete(w.owners, before)
			w.teller.gone(before)
		}
		if now != "" {
			w.owners[now] = name
		}
	case settingsName + ".NewConnection", settingsName + ".ConnectionRemoved", settingsName + ".Connection.Updated":
		if s.Sender == w.manager {
			w.keeper.wake()
		}
	case nmName + ".StateChanged":
		var state uint32
		if s.Sender == w.manager && dbus.Store(s.Body, &state) == nil && state >= connectedLocal {
			w.keeper.connected()
		}
	case notice.Interface + "." + notice.Signal:
		var n notice.Notice
		if w.owners[s.Sender] != "" && dbus.Store(s.Body, &n.UUID, &n.Event, &n.Reason, &n.Number) == nil {
			w.teller.tell(s.Sender, n)
			if n.Event == notice.Connected {
				w.keeper.connected()
			}
		}
	}
}
