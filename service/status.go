// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/slog"
	"os/user"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
)

const (
	accessDenied     = "org.freedesktop.DBus.Error.AccessDenied"
	unknownInterface = "org.freedesktop.DBus.Error.UnknownInterface"
	unknownProperty  = "org.freedesktop.DBus.Error.UnknownProperty"
	readOnly         = "org.freedesktop.DBus.Error.PropertyReadOnly"
	limitsExceeded   = "org.freedesktop.DBus.Error.LimitsExceeded"
	notConnected     = profile.ServiceType + ".Error.NotConnected"
)

// status is the D-Bus object with the facts about the connection, as read-only properties:
// org.freedesktop.DBus.Properties for one interface. Whoever may see the profile in NetworkManager may read
// them: its users, or everybody if it has none, and root.
type status struct {
	c      *connection
	uid    func(sender string) (uint32, error)
	asking atomic.Int32 // how many calls are being answered
}

// mostAsking is how many calls are answered at a time. Every user may call, as fast as the bus takes it, and each call
// waits for the bus and for the connection.
const mostAsking = 8

// exportStatus exports the object on conn, which has to happen before the bus name is taken.
func exportStatus(conn *dbus.Conn, c *connection) error {
	s := &status{c: c, uid: func(sender string) (uid uint32, err error) {
		err = conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixUser", 0, sender).Store(&uid)
		return uid, err
	}}
	if err := conn.Export(s, profile.StatusPath, "org.freedesktop.DBus.Properties"); err != nil {
		return fmt.Errorf("export %s: %w", profile.StatusInterface, err)
	}
	return nil
}

// GetAll returns all properties.
func (s *status) GetAll(sender dbus.Sender, iface string) (map[string]dbus.Variant, *dbus.Error) {
	if iface != profile.StatusInterface {
		return nil, dbus.NewError(unknownInterface, []any{"there is only " + profile.StatusInterface})
	}
	defer s.asking.Add(-1)
	if s.asking.Add(1) > mostAsking {
		return nil, dbus.NewError(limitsExceeded, []any{"too many ask at once"})
	}
	uid, err := s.uid(string(sender))
	if err != nil {
		return nil, dbus.NewError(accessDenied, []any{"who asks is not known: " + err.Error()})
	}
	var facts map[string]dbus.Variant
	allowed := true
	if err := s.c.call(func() error {
		allowed = s.c.mayLook(uid)
		if allowed {
			facts = s.c.statusFacts()
		}
		return nil
	}); err != nil {
		return nil, dbus.NewError(notConnected, []any{err.Error()})
	}
	switch {
	case !allowed:
		return nil, dbus.NewError(accessDenied, []any{"this connection belongs to somebody else"})
	case facts == nil:
		return nil, dbus.NewError(notConnected, []any{"the connection is not up"})
	}
	return facts, nil
}

// Get returns one property.
func (s *status) Get(sender dbus.Sender, iface, name string) (dbus.Variant, *dbus.Error) {
	facts, err := s.GetAll(sender, iface)
	if err != nil {
		return dbus.Variant{}, err
	}
	v, ok := facts[name]
	if !ok {
		return v, dbus.NewError(unknownProperty, []any{"no such property at the moment: " + name})
	}
	return v, nil
}

// Set refuses.
func (s *status) Set(iface, name string, _ dbus.Variant) *dbus.Error {
	return dbus.NewError(readOnly, []any{name + " is read-only"})
}

// mayLook reports whether a user may see the facts.
func (c *connection) mayLook(uid uint32) bool {
	if uid == 0 || c.profile == nil {
		return true // without a profile there is nothing to see
	}
	return len(c.profile.Users) == 0 || slices.Contains(c.owners, uid)
}

// uidsOf looks up the users of a profile while that is possible: later the service has no permission to. A
// user that cannot be found sees nothing.
func uidsOf(names []string, log *slog.Logger) []uint32 {
	var uids []uint32
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			log.Debug("cannot look up a user of the profile, who will get no status", "user", name, "error", err)
			continue
		}
		if uid, err := strconv.ParseUint(u.Uid, 10, 32); err == nil {
			uids = append(uids, uint32(uid))
		}
	}
	return uids
}
