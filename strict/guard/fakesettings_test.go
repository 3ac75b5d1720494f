// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"maps"
	"slices"

	"github.com/godbus/dbus/v5"
)

type settingsSide struct{ nm *fakeNM }

func (s settingsSide) ListConnections() ([]dbus.ObjectPath, *dbus.Error) {
	s.nm.mu.Lock()
	defer s.nm.mu.Unlock()
	return slices.Sorted(maps.Keys(s.nm.stored)), nil
}

func (s settingsSide) GetConnectionByUuid(uuid string) (dbus.ObjectPath, *dbus.Error) {
	s.nm.mu.Lock()
	defer s.nm.mu.Unlock()
	if p := s.nm.find(uuid); p != "" {
		return p, nil
	}
	return "/", dbus.NewError(settingsIface+".InvalidConnection", []any{"No connection with the UUID was found."})
}

func (s settingsSide) AddConnection(c Settings) (dbus.ObjectPath, *dbus.Error) {
	s.nm.mu.Lock()
	defer s.nm.mu.Unlock()
	if err := s.nm.take("AddConnection", settingsPath); err != nil {
		return "/", err
	}
	if s.nm.find(text(c["connection"]["uuid"])) != "" {
		return "/", dbus.NewError(settingsIface+".UuidExists", nil)
	}
	return s.nm.add(c), nil
}

type connectionSide struct{ nm *fakeNM }

func (c connectionSide) GetSettings(m dbus.Message) (Settings, *dbus.Error) {
	c.nm.mu.Lock()
	s, there := c.nm.stored[pathOf(m)]
	between := c.nm.between
	c.nm.mu.Unlock()
	if !there {
		return nil, dbus.NewError("org.freedesktop.DBus.Error.UnknownMethod", nil)
	}
	s = maps.Clone(s)
	if between != nil {
		between(pathOf(m))
	}
	return s, nil
}

func (c connectionSide) Update(m dbus.Message, s Settings) *dbus.Error {
	c.nm.mu.Lock()
	defer c.nm.mu.Unlock()
	if err := c.nm.take("Update", pathOf(m)); err != nil {
		return err
	}
	c.nm.stored[pathOf(m)] = s
	c.nm.version[pathOf(m)]++
	return nil
}

func (c connectionSide) Update2(m dbus.Message, s Settings, flags uint32, args map[string]dbus.Variant) (map[string]dbus.Variant, *dbus.Error) {
	c.nm.mu.Lock()
	same := args["version-id"].Value() == c.nm.version[pathOf(m)]
	c.nm.mu.Unlock()
	if !c.nm.versions || flags != toDisk {
		return nil, dbus.NewError(settingsIface+".InvalidArguments", nil)
	}
	if !same {
		return nil, dbus.NewError(settingsIface+".VersionIdMismatch", nil)
	}
	return nil, c.Update(m, s)
}

func (c connectionSide) Delete(m dbus.Message) *dbus.Error {
	c.nm.mu.Lock()
	defer c.nm.mu.Unlock()
	if err := c.nm.take("Delete", pathOf(m)); err != nil {
		return err
	}
	delete(c.nm.stored, pathOf(m))
	return nil
}
