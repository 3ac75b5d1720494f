// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"errors"
	"slices"

	"github.com/godbus/dbus/v5"
)

// The lock of a profile outlives it. Nothing is opened by itself then, as a profile is gone for NetworkManager
// also while somebody moves or rewrites its file. But a person who has deleted it in a settings program, and has
// no network any more, has to be told why, and how to get it back.

// ErrDeleted is the error of a step that only a person can decide about.
var ErrDeleted = errors.New("traffic is still blocked for a connection that has been deleted")

// deleted lists the profiles with a lock that no longer exist, for anybody.
func (m *Manager) deleted(s State) (list []string) {
	for _, uuid := range s.Locks.UUIDs() {
		if slices.ContainsFunc(s.VPNs, func(v Connection) bool { return v.UUID() == uuid }) {
			continue
		}
		var path dbus.ObjectPath
		err := m.call(settingsPath, settingsIface+".GetConnectionByUuid", uuid).Store(&path)
		// For somebody else's, it is PermissionDenied.
		if e, reply := errors.AsType[dbus.Error](err); reply && e.Name == settingsIface+".InvalidConnection" {
			list = append(list, uuid)
		}
	}
	return list
}
