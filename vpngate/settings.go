// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
)

// NetworkManager's side: org.freedesktop.NetworkManager.Settings.
const (
	nmName           = "org.freedesktop.NetworkManager"
	settingsPath     = "/org/freedesktop/NetworkManager/Settings"
	settingsIface    = nmName + ".Settings"
	connectionIface  = settingsIface + ".Connection"
	errServiceAbsent = "org.freedesktop.DBus.Error.ServiceUnknown"
	errNoOwner       = "org.freedesktop.DBus.Error.NameHasNoOwner"
)

const (
	lookTimeout = 20 * time.Second
	addTimeout  = 3 * time.Minute // a person may have to give a password to polkit
	maxExisting = 10_000          // connections looked at
)

// settings is NetworkManager's store of connections.
type settings struct {
	bus    *dbus.Conn
	cancel context.CancelFunc
}

// An entry is a connection that NetworkManager has.
type entry struct{ name, uuid string }

func openSettings(ctx context.Context) (*settings, error) {
	// The end of the context closes the socket, even while the bus is silent.
	ctx, cancel := context.WithTimeout(ctx, lookTimeout+addTimeout)
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, po.Errorf(textErrNoBus, err)
	}
	return &settings{bus, cancel}, nil
}

func (s *settings) close() {
	_ = s.bus.Close()
	s.cancel()
}

// add makes a connection for the relay, unless there is one already; added reports which.
func (s *settings) add(ctx context.Context, r relay, owner string) (e entry, added bool, err error) {
	look, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	taken, existing, err := s.look(look, r)
	if err != nil {
		return entry{}, false, stopped(ctx, textErrLook, err)
	}
	if existing != nil {
		return *existing, false, nil
	}
	e = entry{connectionName(r, taken), newUUID()}
	slow, cancel := context.WithTimeout(ctx, addTimeout)
	defer cancel()
	err = s.bus.Object(nmName, settingsPath).CallWithContext(slow, settingsIface+".AddConnection",
		dbus.FlagAllowInteractiveAuthorization, newConnection(r, e.name, e.uuid, owner)).Err
	if err != nil {
		return entry{}, false, stopped(ctx, textErrAdd, err)
	}
	return e, true, nil
}

// look returns the names of all connections, and the one that leads to the relay, nil if there is none.
func (s *settings) look(ctx context.Context, r relay) (taken map[string]bool, existing *entry, err error) {
	var paths []dbus.ObjectPath
	err = s.bus.Object(nmName, settingsPath).CallWithContext(ctx, settingsIface+".ListConnections", 0).Store(&paths)
	if err != nil {
		return nil, nil, err
	}
	taken = make(map[string]bool)
	for _, path := range paths[:min(len(paths), maxExisting)] {
		var c map[string]map[string]dbus.Variant
		err := s.bus.Object(nmName, path).CallWithContext(ctx, connectionIface+".GetSettings", 0).Store(&c)
		if _, reply := errors.AsType[dbus.Error](err); reply && !absent(err) {
			continue // somebody else's connection, or one removed meanwhile
		}
		if err != nil {
			return nil, nil, err
		}
		e := entry{name: text(c["connection"]["id"]), uuid: text(c["connection"]["uuid"])}
		taken[e.name] = true
		data, _ := c["vpn"]["data"].Value().(map[string]string)
		if to, ok := leadsTo(text(c["vpn"]["service-type"]), data); ok && to == r.endpoint() {
			existing = &e
		}
	}
	return taken, existing, nil
}

// text returns the string in v, "" if there is none.
func text(v dbus.Variant) string {
	s, _ := v.Value().(string)
	return s
}

// absent reports whether err means that nobody is there to answer.
func absent(err error) bool {
	e, ok := errors.AsType[dbus.Error](err)
	return ok && (e.Name == errServiceAbsent || e.Name == errNoOwner)
}

// stopped wraps an error of NetworkManager; if the person has interrupted the program, that is the error.
func stopped(ctx context.Context, format string, err error) error {
	switch {
	case ctx.Err() != nil:
		return po.Error(textErrStopped)
	case absent(err):
		return po.Error(textErrNoNM)
	}
	return po.Errorf(format, err)
}
