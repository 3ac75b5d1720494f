// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"slices"
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
	maxConnections = 10_000
)

// manager is NetworkManager.
type manager struct {
	bus    *dbus.Conn
	ctx    context.Context
	cancel context.CancelFunc
}

func openManager(ctx context.Context) (*manager, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout) // the end of the context closes the socket
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, po.Errorf("the D-Bus system bus cannot be reached: %w", err)
	}
	return &manager{bus, ctx, cancel}, nil
}

func (m *manager) close() {
	_ = m.bus.Close()
	m.cancel()
}

func (m *manager) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return m.bus.Object(nmName, path).CallWithContext(m.ctx, method, dbus.FlagAllowInteractiveAuthorization, args...)
}

// connections are those that the person may see.
type connections struct {
	vpns     []vpn // of SoftEther
	networks []vpn // that packets could leave by
	guard    vpn   // zero if there is none
}

func (m *manager) connections() (c connections, err error) {
	var paths []dbus.ObjectPath
	if err := m.call(settingsPath, settingsIface+".ListConnections").Store(&paths); err != nil {
		return c, po.Errorf("NetworkManager's connections could not be read: %w", err)
	}
	for _, path := range paths[:min(len(paths), maxConnections)] {
		var s settings
		if err := m.call(path, connectionIface+".GetSettings").Store(&s); err != nil {
			if _, reply := errors.AsType[dbus.Error](err); reply {
				continue // somebody else's, or one removed meanwhile
			}
			return c, err
		}
		switch v := (vpn{path, s}); {
		case v.uuid() == guardUUID:
			c.guard = v
		case ours(s):
			c.vpns = append(c.vpns, v)
		case network(s) && m.stored(path):
			c.networks = append(c.networks, v)
		}
	}
	return c, nil
}

// stored reports whether a connection is kept: others are what NetworkManager makes of devices that somebody else has
// set up, and would be kept if they were changed.
func (m *manager) stored(path dbus.ObjectPath) bool {
	flags, err := m.bus.Object(nmName, path).GetProperty(connectionIface + ".Flags")
	return err == nil && flags.Value() == uint32(0)
}

// find returns the connection of that name or UUID.
func find(list []vpn, name string) (vpn, error) {
	var found []vpn
	for _, v := range list {
		if v.uuid() == name {
			return v, nil
		}
		if v.name() == name {
			found = append(found, v)
		}
	}
	switch len(found) {
	case 0:
		return vpn{}, po.Errorf("there is no SoftEther connection named “%s”", name)
	case 1:
		return found[0], nil
	}
	return vpn{}, po.Errorf("there are %d SoftEther connections named “%s”; use the UUID of one of them", len(found), name)
}

// update changes a stored connection.
func (m *manager) update(v vpn, s settings) error {
	if err := m.call(v.path, connectionIface+".Update", s).Err; err != nil {
		return po.Errorf("“%s” could not be changed: %w", v.name(), err)
	}
	return nil
}

// keep makes the guard what the locks want, in one step for those that are there already: at no time is there no rule.
func (m *manager) keep(old vpn, l locks) error {
	switch {
	case len(l) == 0 && old.path == "":
		return nil
	case len(l) == 0:
		return m.remove(old)
	case old.path == "":
		if err := m.call(settingsPath, settingsIface+".AddConnection", guard(l)).Store(&old.path); err != nil {
			return po.Errorf("“%s” could not be added: %w", guardName, err)
		}
	default:
		if err := m.update(old, guard(l)); err != nil {
			return err
		}
	}
	device, active, err := m.active()
	if err != nil {
		return err
	}
	if active != "" {
		if err := m.call(device, deviceIface+".Reapply", guard(l), uint64(0), uint32(0)).Err; err == nil {
			return nil
		}
	}
	if err := m.call(nmPath, nmName+".ActivateConnection", old.path, dbus.ObjectPath("/"), dbus.ObjectPath("/")).Store(&active); err != nil {
		return po.Errorf("“%s” could not be activated: %w", guardName, err)
	}
	return m.await(active)
}

// remove takes the guard away, with its rules.
func (m *manager) remove(old vpn) error {
	if _, active, err := m.active(); err == nil && active != "" {
		if err := m.call(nmPath, nmName+".DeactivateConnection", active).Err; err != nil {
			return po.Errorf("“%s” could not be deactivated: %w", guardName, err)
		}
	}
	if err := m.call(old.path, connectionIface+".Delete").Err; err != nil {
		return po.Errorf("“%s” could not be removed: %w", guardName, err)
	}
	return nil
}

// active returns the loopback device and the guard's active connection on it, empty if it has none.
func (m *manager) active() (device, active dbus.ObjectPath, err error) {
	if err := m.call(nmPath, nmName+".GetDeviceByIpIface", "lo").Store(&device); err != nil {
		return "", "", po.Errorf("NetworkManager does not manage the loopback device; strict mode requires version 1.42 or later: %w", err)
	}
	all, err := m.bus.Object(nmName, nmPath).GetProperty(nmName + ".ActiveConnections")
	if err != nil {
		return "", "", err
	}
	paths, _ := all.Value().([]dbus.ObjectPath)
	i := slices.IndexFunc(paths, func(p dbus.ObjectPath) bool {
		uuid, err := m.bus.Object(nmName, p).GetProperty(activeIface + ".Uuid")
		return err == nil && text(uuid) == guardUUID
	})
	if i < 0 {
		return device, "", nil
	}
	return device, paths[i], nil
}

// await waits until a connection is up.
func (m *manager) await(active dbus.ObjectPath) error {
	const activated = 2 // NM_ACTIVE_CONNECTION_STATE_ACTIVATED
	for deadline := time.Now().Add(upTimeout); ; time.Sleep(50 * time.Millisecond) {
		state, err := m.bus.Object(nmName, active).GetProperty(activeIface + ".State")
		if err == nil && state.Value() == uint32(activated) {
			return nil
		}
		if err != nil || time.Now().After(deadline) {
			return po.Errorf("“%s” could not be activated; see the log of NetworkManager", guardName)
		}
	}
}
