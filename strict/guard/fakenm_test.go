// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/bustest"
)

// fakeNM is as much of NetworkManager as strict mode needs.
type fakeNM struct {
	mu       sync.Mutex
	versions bool // as from 1.44 on
	refuse   func(method string, path dbus.ObjectPath) bool
	// between runs after a connection has been read, as another program does between reading and writing.
	between func(path dbus.ObjectPath)
	stored  map[dbus.ObjectPath]Settings
	version map[dbus.ObjectPath]uint64
	active  map[dbus.ObjectPath]dbus.ObjectPath // active connections: of which connection
	applied Settings
	calls   []string
	next    int
}

const (
	vpnPath = settingsPath + "/1"
	loPath  = nmPath + "/Devices/1"
)

// startNM returns a Manager of a person at a NetworkManager that has the profile office.
func startNM(t *testing.T, nm *fakeNM, more ...Settings) *Manager {
	t.Helper()
	rules := filepath.Join(t.TempDir(), "rules.conf")
	if err := os.WriteFile(rules, []byte(`<busconfig><policy context="default"><allow own="*"/><allow send_destination="*"/></policy></busconfig>`), 0o600); err != nil {
		t.Fatal(err)
	}
	bus := bustest.New(t, rules)
	nm.stored, nm.version, nm.active = map[dbus.ObjectPath]Settings{}, map[dbus.ObjectPath]uint64{}, map[dbus.ObjectPath]dbus.ObjectPath{}
	for _, s := range more {
		nm.add(s)
	}
	conn := bus.Connect(t)
	for path, faces := range map[dbus.ObjectPath]map[string]any{
		settingsPath: {settingsIface: settingsSide{nm}, connectionIface: connectionSide{nm}},
		nmPath:       {nmName: managerSide{nm}, deviceIface: deviceSide{nm}, "org.freedesktop.DBus.Properties": propertySide{nm}},
	} {
		for face, object := range faces {
			if err := conn.ExportSubtree(object, path, face); err != nil {
				t.Fatal(err)
			}
		}
	}
	// A subtree hides those above it.
	if err := conn.ExportSubtree(propertySide{nm}, settingsPath, "org.freedesktop.DBus.Properties"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(nmName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return Over(t.Context(), bus.Connect(t))
}

func (nm *fakeNM) add(s Settings) dbus.ObjectPath {
	nm.next++
	path := dbus.ObjectPath(settingsPath + "/" + string(rune('0'+nm.next)))
	nm.stored[path], nm.version[path] = s, 1
	return path
}

// write is what another program does.
func (nm *fakeNM) write(path dbus.ObjectPath, s Settings) {
	nm.mu.Lock()
	defer nm.mu.Unlock()
	nm.stored[path] = s
	nm.version[path]++
}

// take notes a call that changes something, or refuses it.
func (nm *fakeNM) take(method string, path dbus.ObjectPath) *dbus.Error {
	nm.calls = append(nm.calls, method)
	if nm.refuse != nil && nm.refuse(method, path) {
		return dbus.NewError(settingsIface+".PermissionDenied", []any{"Insufficient privileges"})
	}
	return nil
}

// took returns the calls since the last time.
func (nm *fakeNM) took() string {
	nm.mu.Lock()
	defer nm.mu.Unlock()
	calls := strings.Join(nm.calls, " ")
	nm.calls = nil
	return calls
}

func (nm *fakeNM) find(uuid string) dbus.ObjectPath {
	for path, s := range nm.stored {
		if text(s["connection"]["uuid"]) == uuid {
			return path
		}
	}
	return ""
}

func (nm *fakeNM) connection(uuid string) Settings {
	nm.mu.Lock()
	defer nm.mu.Unlock()
	return nm.stored[nm.find(uuid)]
}

func pathOf(m dbus.Message) dbus.ObjectPath {
	p, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	return p
}

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

type propertySide struct{ nm *fakeNM }

func (p propertySide) Get(m dbus.Message, face, name string) (dbus.Variant, *dbus.Error) {
	p.nm.mu.Lock()
	defer p.nm.mu.Unlock()
	c, active := p.nm.active[pathOf(m)]
	switch {
	case name == "VersionId" && p.nm.versions:
		return dbus.MakeVariant(p.nm.version[pathOf(m)]), nil
	case name == "Flags":
		return dbus.MakeVariant(uint32(0)), nil
	case name == "ActiveConnection": // of the loopback device
		for a, c := range p.nm.active {
			if text(p.nm.stored[c]["connection"]["uuid"]) == UUID {
				return dbus.MakeVariant(a), nil
			}
		}
		return dbus.MakeVariant(foundPath), nil
	case name == "Uuid" && pathOf(m) == foundPath:
		return dbus.MakeVariant("found"), nil
	case name == "ActiveConnections":
		return dbus.MakeVariant(slices.Sorted(maps.Keys(p.nm.active))), nil
	case name == "Uuid" && active:
		return dbus.MakeVariant(text(p.nm.stored[c]["connection"]["uuid"])), nil
	case name == "State" && active:
		return dbus.MakeVariant(uint32(activated)), nil
	}
	return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", []any{face + "." + name})
}
