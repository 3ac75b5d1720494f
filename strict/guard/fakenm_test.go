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
