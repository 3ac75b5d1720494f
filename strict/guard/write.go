// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"errors"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
)

// Several programs may write at the same time: the notifiers of two people, nm-softether-strict, a settings
// page. NetworkManager 1.44 and later refuses to overwrite what the writer has not seen (version-id). Before,
// a change is read back, and repeated if another one has replaced it.

// tries is how often a change is tried.
const tries = 8

const toDisk uint32 = 1 // NM_SETTINGS_UPDATE2_FLAG_TO_DISK

// errOverrun: another program has written meanwhile.
var errOverrun = errors.New("changed by another program at the same time")

// overrun reports whether a call failed because of another writer.
func overrun(err error) bool {
	if errors.Is(err, errOverrun) {
		return true
	}
	e, ok := errors.AsType[dbus.Error](err)
	return ok && slices.Contains([]string{
		settingsIface + ".VersionIdMismatch", settingsIface + ".UuidExists",
		"org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownMethod", // gone
	}, e.Name)
}

// write replaces the settings of a connection, unless they are no longer those that were read.
func (m *Manager) write(v Connection, s Settings) error {
	if v.version == 0 {
		return m.call(v.path, connectionIface+".Update", s).Err
	}
	return m.call(v.path, connectionIface+".Update2", s, toDisk, map[string]dbus.Variant{"version-id": dbus.MakeVariant(v.version)}).Err
}

// update applies change to a stored connection, until that succeeds.
func (m *Manager) update(v Connection, change func(Connection) Settings, done func(Connection) bool) error {
	err := errOverrun
	for range tries {
		now, errRead := m.read(v.path)
		if errRead != nil {
			return po.Errorf("“%s” could not be changed: %w", v.Name(), errRead)
		}
		if done(now) {
			return nil
		}
		if err = m.write(now, change(now)); err != nil && !overrun(err) {
			break
		}
		if err == nil {
			err = errOverrun // unless it is in place now
		}
	}
	return po.Errorf("“%s” could not be changed: %w", v.Name(), err)
}

// guard reads the connection with the rules; it has no path if there is none.
func (m *Manager) guard() (Connection, error) {
	var path dbus.ObjectPath
	if err := m.call(settingsPath, settingsIface+".GetConnectionByUuid", UUID).Store(&path); err != nil {
		if e, reply := errors.AsType[dbus.Error](err); reply && strings.HasPrefix(e.Name, settingsIface+".") {
			return Connection{}, nil // InvalidConnection: none has this UUID
		}
		return Connection{}, err
	}
	v, err := m.read(path)
	if overrun(err) {
		return Connection{}, nil
	}
	return v, err
}

// lock gives a profile its lock, or removes it if there is none, and returns all that remain. For those that
// exist already this is a single step: there is no moment without rules.
func (m *Manager) lock(uuid string, want *Lock) (Locks, error) {
	if want != nil {
		if _, err := m.loopback(); err != nil {
			return nil, err
		}
	}
	for range tries {
		now, err := m.guard()
		if err != nil {
			return nil, err
		}
		l := readLocks(now.settings)
		if has, there := l[uuid]; there == (want != nil) && (want == nil || has.same(*want)) && now.current(l) {
			if err := m.raise(now, l); err == nil || !overrun(err) {
				return l, err
			}
			continue
		}
		if want != nil {
			l[uuid] = *want
		} else {
			delete(l, uuid)
		}
		if err := m.keep(now, l); err != nil && !overrun(err) {
			return nil, err
		}
	}
	return nil, po.Errorf("“%s” could not be changed: %w", Name, errOverrun)
}

// current reports whether the guard's rules are those of its locks.
func (v Connection) current(l Locks) bool {
	if len(l) == 0 || v.path == "" {
		return len(l) == 0 && v.path == ""
	}
	_, changed := v.withRules(l)
	return !changed
}

// keep makes the stored guard match the locks.
func (m *Manager) keep(old Connection, l Locks) error {
	switch {
	case len(l) == 0 && old.path == "":
		return nil
	case len(l) == 0:
		return m.remove(old)
	case old.path == "":
		if err := m.call(settingsPath, settingsIface+".AddConnection", connection(l)).Err; err != nil {
			return po.Errorf("“%s” could not be added: %w", Name, err)
		}
		return nil
	}
	if err := m.write(old, connection(l)); err != nil {
		return po.Errorf("“%s” could not be changed: %w", Name, err)
	}
	return nil
}

// raise puts the rules of the guard into force.
func (m *Manager) raise(v Connection, l Locks) error {
	if len(l) == 0 {
		return nil
	}
	device, err := m.loopback()
	if err != nil {
		return err
	}
	active, err := m.active(UUID)
	if err != nil {
		return err
	}
	if active != "" {
		var applied Settings
		var version uint64
		if m.call(device, deviceIface+".GetAppliedConnection", uint32(0)).Store(&applied, &version) == nil && (Connection{path: v.path, settings: applied}).current(l) {
			return nil
		}
		if m.call(device, deviceIface+".Reapply", connection(l), uint64(0), uint32(0)).Err == nil {
			return nil
		}
	}
	return m.activate(v, upTimeout)
}

// remove removes the guard, with its rules.
func (m *Manager) remove(old Connection) error {
	if active, err := m.active(UUID); err == nil && active != "" {
		if err := m.call(nmPath, nmName+".DeactivateConnection", active).Err; err != nil {
			return po.Errorf("“%s” could not be deactivated: %w", Name, err)
		}
	}
	if err := m.call(old.path, connectionIface+".Delete").Err; err != nil && !overrun(err) {
		return po.Errorf("“%s” could not be removed: %w", Name, err)
	}
	m.mendLoopback()
	return nil
}

// mendLoopback restores the route to 127.0.0.0/8. NetworkManager 1.52 removes it along with a profile of the
// loopback device, but leaves the address: then nothing answers at 127.0.0.53, where systemd-resolved is
// reached.
func (m *Manager) mendLoopback() {
	device, err := m.loopback()
	if err != nil {
		return
	}
	m.until(mendTimeout, func() bool {
		active, err := m.property(device, deviceIface, "ActiveConnection")
		if err != nil || active.Value() == dbus.ObjectPath("/") {
			return err != nil
		}
		path, _ := active.Value().(dbus.ObjectPath)
		uuid, err := m.property(path, activeIface, "Uuid")
		// The guard does not disappear at once, and when it has, NetworkManager makes a profile of what it
		// finds.
		return err == nil && text(uuid) != UUID && m.call(device, deviceIface+".Reapply", Settings{}, uint64(0), uint32(0)).Err == nil
	})
}
