// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/lab/bustest"
)

// A fakeNM is NetworkManager's Settings, as far as add uses them, on a bus of its own.
type fakeNM struct {
	mu     sync.Mutex
	bus    *dbus.Conn
	stored []map[string]map[string]dbus.Variant
	gone   int    // that many connections are listed, but have been removed since
	refuse string // AddConnection fails with this text
}

// startNM starts nm, an empty one if it is nil.
func startNM(t testing.TB, nm *fakeNM) *fakeNM {
	t.Helper()
	if nm == nil {
		nm = &fakeNM{}
	}
	b := bustest.New(t, "testdata/bus.conf")
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", b.Address)
	nm.bus = b.Connect(t)
	if err := nm.bus.Export(nm, settingsPath, settingsIface); err != nil {
		t.Fatal(err)
	}
	if reply, err := nm.bus.RequestName(nmName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return nm
}

// ListConnections and AddConnection are called over D-Bus.
func (nm *fakeNM) ListConnections() ([]dbus.ObjectPath, *dbus.Error) {
	nm.mu.Lock()
	defer nm.mu.Unlock()
	var paths []dbus.ObjectPath
	for i := range nm.stored {
		paths = append(paths, nm.path(i))
	}
	for i := range nm.gone {
		paths = append(paths, nm.path(1000+i))
	}
	return paths, nil
}

func (nm *fakeNM) AddConnection(c map[string]map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	if nm.refuse != "" {
		return "", dbus.NewError("org.freedesktop.NetworkManager.Settings.PermissionDenied", []any{nm.refuse})
	}
	return nm.store(c), nil
}

// all is what is stored now.
func (nm *fakeNM) all() []map[string]map[string]dbus.Variant {
	nm.mu.Lock()
	defer nm.mu.Unlock()
	return slices.Clone(nm.stored)
}

func (nm *fakeNM) path(i int) dbus.ObjectPath {
	return dbus.ObjectPath(fmt.Sprintf("%s/%d", settingsPath, i))
}

func (nm *fakeNM) store(c map[string]map[string]dbus.Variant) dbus.ObjectPath {
	nm.mu.Lock()
	defer nm.mu.Unlock()
	nm.stored = append(nm.stored, c)
	path := nm.path(len(nm.stored) - 1)
	_ = nm.bus.Export(stored{c}, path, connectionIface) // the path is fine
	return path
}

type stored struct {
	c map[string]map[string]dbus.Variant
}

func (s stored) GetSettings() (map[string]map[string]dbus.Variant, *dbus.Error) {
	if s.c == nil {
		return nil, dbus.NewError("org.freedesktop.NetworkManager.Settings.PermissionDenied", []any{"not yours"})
	}
	return s.c, nil
}

// named is a connection that is no VPN.
func named(name string) map[string]map[string]dbus.Variant {
	return map[string]map[string]dbus.Variant{"connection": {"id": dbus.MakeVariant(name), "uuid": dbus.MakeVariant("other")}}
}

func open(t *testing.T) *settings {
	t.Helper()
	s, err := openSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func TestRelayIsAddedOnce(t *testing.T) {
	nm := startNM(t, &fakeNM{gone: 2})
	nm.store(nil) // somebody else's
	nm.store(named("Wired"))
	s := open(t)
	first, added, err := s.add(t.Context(), some[0], "joe")
	if err != nil || !added || first.name != "VPN Gate KR 192.0.2.1" {
		t.Fatal(first, added, err)
	}
	if diff := cmp.Diff(plain(newConnection(some[0], first.name, first.uuid, "joe")), plain(nm.all()[2])); diff != "" {
		t.Errorf("NetworkManager got (-want +got)\n%s", diff)
	}
	again, added, err := s.add(t.Context(), some[0], "joe")
	if err != nil || added || again != first || len(nm.all()) != 3 {
		t.Errorf("the second time: %v, %v, %v, and there are %d connections", again, added, err, len(nm.all()))
	}
	other := some[0]
	other.port = 992
	if e, added, err := s.add(t.Context(), other, ""); err != nil || !added || e.name != "VPN Gate KR 192.0.2.1 992" {
		t.Errorf("the same relay on another port: %v, %v, %v", e, added, err)
	}
}

func TestNetworkManagerRefuses(t *testing.T) {
	startNM(t, &fakeNM{refuse: "Insufficient privileges"})
	_, _, err := open(t).add(t.Context(), some[0], "joe")
	if err == nil || !strings.Contains(err.Error(), "did not add the connection: Insufficient privileges") {
		t.Error(err)
	}
}

func TestNetworkManagerDoesNotRun(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bustest.New(t, "testdata/bus.conf").Address)
	if _, _, err := open(t).add(t.Context(), some[0], ""); err == nil || err.Error() != textErrNoNM {
		t.Error(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/does/not/exist")
	if _, err := openSettings(t.Context()); err == nil || !strings.Contains(err.Error(), "D-Bus system bus cannot be reached") {
		t.Error(err)
	}
}

func TestInterruptedWhileNetworkManagerThinks(t *testing.T) {
	startNM(t, nil)
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.add(ctx, some[0], ""); err == nil || err.Error() != textErrStopped {
		t.Error(err)
	}
}
