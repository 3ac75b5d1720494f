// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
)

// NetworkManager's side.
const (
	nmName          = "org.freedesktop.NetworkManager"
	nmPath          = "/org/freedesktop/NetworkManager"
	settingsPath    = nmPath + "/Settings"
	settingsIface   = nmName + ".Settings"
	connectionIface = settingsIface + ".Connection"
	deviceIface     = nmName + ".Device"
	activeIface     = nmName + ".Connection.Active"

	askTimeout     = 3 * time.Minute // a person may have to give a password to polkit
	upTimeout      = 10 * time.Second
	mendTimeout    = 3 * time.Second // of the loopback device, once the guard is gone
	maxConnections = 10_000
)

// States of an active connection (NMActiveConnectionState).
const (
	activating = 1
	activated  = 2
)

// Manager is NetworkManager as one person sees it.
type Manager struct {
	bus   *dbus.Conn
	ctx   context.Context
	flags dbus.Flags
	close func()
}

// Open connects to the system bus for somebody who waits for the result, and can be asked for a password.
func Open(ctx context.Context) (*Manager, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout) // the end of the context closes the socket
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, po.Errorf("the D-Bus system bus cannot be reached: %w", err)
	}
	return &Manager{bus, ctx, dbus.FlagAllowInteractiveAuthorization, func() { _ = bus.Close(); cancel() }}, nil
}

// Over uses a connection to the system bus until ctx ends. Nobody is asked for a password: whatever requires
// one fails.
func Over(ctx context.Context, bus *dbus.Conn) *Manager {
	return &Manager{bus, ctx, 0, func() {}}
}

// Close closes what Open has opened.
func (m *Manager) Close() { m.close() }

func (m *Manager) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return m.bus.Object(nmName, path).CallWithContext(m.ctx, method, m.flags, args...)
}

func (m *Manager) property(path dbus.ObjectPath, iface, name string) (v dbus.Variant, err error) {
	err = m.bus.Object(nmName, path).CallWithContext(m.ctx, "org.freedesktop.DBus.Properties.Get", 0, iface, name).Store(&v)
	return v, err
}

// State is what there is, as far as the person may see it.
type State struct {
	VPNs     []Connection // of SoftEther
	Networks []Connection // that packets could leave by
	Guard    Connection   // zero if there is none
	Locks    Locks        // in the guard
	Deleted  []string     // profiles with a lock that no longer exist
	Active   bool         // the guard's rules are in force, or are about to be, without a hole
}

// Read reads the state.
func (m *Manager) Read() (s State, err error) {
	var paths []dbus.ObjectPath
	if err := m.call(settingsPath, settingsIface+".ListConnections").Store(&paths); err != nil {
		return s, po.Errorf("NetworkManager's connections could not be read: %w", err)
	}
	for _, path := range paths[:min(len(paths), maxConnections)] {
		v, err := m.read(path)
		if err != nil {
			if _, reply := errors.AsType[dbus.Error](err); reply {
				continue // somebody else's, or one removed meanwhile
			}
			return s, err
		}
		switch {
		case v.UUID() == UUID:
			s.Guard = v
		case ours(v.settings):
			s.VPNs = append(s.VPNs, v)
		case network(v.settings) && m.stored(path):
			s.Networks = append(s.Networks, v)
		}
	}
	s.Locks = readLocks(s.Guard.settings)
	if s.Guard.path != "" {
		active, err := m.active(UUID)
		if err != nil {
			return s, err
		}
		s.Active = active != "" && !m.holed()
		s.Deleted = m.deleted(s)
	}
	return s, nil
}

// read reads a connection. Its version is read first, so that it is never newer than the settings.
func (m *Manager) read(path dbus.ObjectPath) (Connection, error) {
	v := Connection{path: path}
	if version, err := m.property(path, connectionIface, "VersionId"); err == nil {
		v.version, _ = version.Value().(uint64)
	}
	return v, m.call(path, connectionIface+".GetSettings").Store(&v.settings)
}

// stored reports whether a connection is stored: the others are what NetworkManager generates for devices
// that somebody else has set up, and would become stored if they were changed.
func (m *Manager) stored(path dbus.ObjectPath) bool {
	flags, err := m.property(path, connectionIface, "Flags")
	return err == nil && flags.Value() == uint32(0)
}

// Find returns the VPN with that name or UUID.
func (s State) Find(name string) (Connection, error) {
	var found []Connection
	for _, v := range s.VPNs {
		if v.UUID() == name {
			return v, nil
		}
		if v.Name() == name {
			found = append(found, v)
		}
	}
	switch len(found) {
	case 0:
		return Connection{}, po.Errorf("there is no SoftEther connection named “%s”", name)
	case 1:
		return found[0], nil
	}
	return Connection{}, po.Errorf("there are %d SoftEther connections named “%s”; use the UUID of one of them", len(found), name)
}

// loopback returns the device that the guard is for.
func (m *Manager) loopback() (device dbus.ObjectPath, err error) {
	if err := m.call(nmPath, nmName+".GetDeviceByIpIface", "lo").Store(&device); err != nil {
		return "", po.Errorf("NetworkManager does not manage the loopback device; strict mode requires version 1.42 or later: %w", err)
	}
	return device, nil
}

// active returns the active connection of a profile, empty if it has none.
func (m *Manager) active(profile string) (active dbus.ObjectPath, err error) {
	all, err := m.property(nmPath, nmName, "ActiveConnections")
	if err != nil {
		return "", err
	}
	paths, _ := all.Value().([]dbus.ObjectPath)
	for _, p := range paths {
		uuid, err := m.property(p, activeIface, "Uuid")
		if err != nil || text(uuid) != profile {
			continue
		}
		// One that is deactivating may exist beside the next.
		if v, err := m.property(p, activeIface, "State"); err == nil && (v.Value() == uint32(activating) || v.Value() == uint32(activated)) {
			return p, nil
		}
	}
	return "", nil
}

// activate activates a connection and waits until it is up.
func (m *Manager) activate(v Connection, limit time.Duration) error {
	var active dbus.ObjectPath
	if err := m.call(nmPath, nmName+".ActivateConnection", v.path, dbus.ObjectPath("/"), dbus.ObjectPath("/")).Store(&active); err != nil {
		return po.Errorf("“%s” could not be activated: %w", v.Name(), err)
	}
	up := false
	m.until(limit, func() bool {
		state, err := m.property(active, activeIface, "State")
		up = err == nil && state.Value() == uint32(activated)
		return up || err != nil
	})
	if !up {
		return po.Errorf("“%s” could not be activated; see the log of NetworkManager", v.Name())
	}
	return nil
}

// reconnect makes a VPN that is connected, or is about to be, use its profile as it is now. If it cannot,
// that is reported wherever the failure of any connection is.
func (m *Manager) reconnect(v Connection) {
	active, err := m.active(v.UUID())
	if err != nil || active == "" || m.call(nmPath, nmName+".DeactivateConnection", active).Err != nil {
		return
	}
	gone := func() bool { // NetworkManager refuses to activate what is active
		_, err := m.property(active, activeIface, "State")
		return err != nil
	}
	if m.until(upTimeout, gone) {
		_ = m.activate(v, askTimeout)
	}
}

// Connected reports whether a VPN is connected, or is about to be.
func (m *Manager) Connected(v Connection) bool {
	active, err := m.active(v.UUID())
	return err == nil && active != ""
}

// until waits for a condition to become true.
func (m *Manager) until(limit time.Duration, is func() bool) bool {
	for deadline := time.Now().Add(limit); !is(); {
		if time.Now().After(deadline) {
			return false
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-m.ctx.Done():
			return false
		}
	}
	return true
}

// Blocked reports whether the guard is in force.
func (m *Manager) Blocked() (bool, error) {
	if _, err := m.loopback(); err != nil {
		return false, err
	}
	active, err := m.active(UUID)
	return active != "", err
}
