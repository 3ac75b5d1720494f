// SPDX-License-Identifier: Apache-2.0

package guard

import "github.com/godbus/dbus/v5"

type managerSide struct{ nm *fakeNM }

func (s managerSide) GetDeviceByIpIface(string) (dbus.ObjectPath, *dbus.Error) { return loPath, nil }

func (s managerSide) GetDevices() ([]dbus.ObjectPath, *dbus.Error) {
	return []dbus.ObjectPath{loPath}, nil
}

func (s managerSide) ActivateConnection(c, _, _ dbus.ObjectPath) (dbus.ObjectPath, *dbus.Error) {
	s.nm.mu.Lock()
	defer s.nm.mu.Unlock()
	if err := s.nm.take("ActivateConnection", c); err != nil {
		return "/", err
	}
	uuid := text(s.nm.stored[c]["connection"]["uuid"])
	a := dbus.ObjectPath(nmPath + "/ActiveConnection/" + string(rune('0'+len(s.nm.calls)%10)) + "x")
	if uuid == UUID {
		s.nm.applied = s.nm.stored[c]
	}
	s.nm.active[a] = c
	return a, nil
}

func (s managerSide) DeactivateConnection(a dbus.ObjectPath) *dbus.Error {
	s.nm.mu.Lock()
	defer s.nm.mu.Unlock()
	if err := s.nm.take("DeactivateConnection", a); err != nil {
		return err
	}
	delete(s.nm.active, a)
	return nil
}

type deviceSide struct{ nm *fakeNM }

func (d deviceSide) GetAppliedConnection(uint32) (Settings, uint64, *dbus.Error) {
	d.nm.mu.Lock()
	defer d.nm.mu.Unlock()
	return d.nm.applied, 1, nil
}

func (d deviceSide) Reapply(s Settings, _ uint64, _ uint32) *dbus.Error {
	d.nm.mu.Lock()
	defer d.nm.mu.Unlock()
	if err := d.nm.take("Reapply", loPath); err != nil {
		return err
	}
	d.nm.applied = s
	return nil
}

// foundPath is the active connection that NetworkManager makes of a loopback device without a profile.
const foundPath = dbus.ObjectPath(nmPath + "/ActiveConnection/lo")
