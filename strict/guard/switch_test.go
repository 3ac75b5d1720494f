// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// do does all that can be done, and returns how many steps that were.
func do(t *testing.T, m *Manager) int {
	t.Helper()
	n := 0
	for range 5 {
		s, err := m.Read()
		if err != nil {
			t.Fatal(err)
		}
		steps := slices.DeleteFunc(s.Steps(), func(step Step) bool { return step.Action == Tell })
		if len(steps) == 0 {
			return n
		}
		for _, step := range steps {
			n++
			if err := m.Do(step); err != nil {
				t.Fatalf("%+v: %v", step, err)
			}
		}
	}
	t.Fatal("it does not come to an end")
	return 0
}

func (nm *fakeNM) choose(t *testing.T, pairs ...string) {
	t.Helper()
	v := Connection{settings: nm.connection("u")}
	data := v.data()
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = pairs[i+1]
	}
	s := v.copy()
	s["vpn"]["data"] = dbus.MakeVariant(data)
	nm.write(vpnPath, s)
}

func TestTheKeyIsFollowed(t *testing.T) {
	nm := &fakeNM{versions: true}
	m := startNM(t, nm, withData().settings, ethernet(nil).settings)
	if n := do(t, m); n != 0 {
		t.Errorf("%d steps for nothing", n)
	}
	nm.mu.Lock()
	nm.active[nmPath+"/ActiveConnection/vpn"] = vpnPath // connected
	nm.mu.Unlock()
	nm.choose(t, "strict", "yes")
	if n := do(t, m); n != 1 {
		t.Errorf("set up in %d steps", n)
	}
	v, guard := Connection{settings: nm.connection("u")}, Connection{path: "/", settings: nm.connection(UUID)}
	l := readLocks(guard.settings)
	if !v.ready(l["u"]) || l["u"].String() != "yes, 192.0.2.1" || !guard.current(l) || !(Connection{path: "/", settings: nm.applied}).current(l) {
		t.Errorf("the profile is %v, the locks are %v", v.settings, l)
	}
	if _, changed := (Connection{settings: nm.connection("n")}).withRules(l); changed {
		t.Error("the network has no rules")
	}
	if calls := nm.took(); calls != "AddConnection ActivateConnection Update Update DeactivateConnection ActivateConnection" {
		t.Errorf("in this order: %s", calls) // block, then the profile, then the networks, then the VPN once more
	}

	nm.took()
	nm.choose(t, "gateway", "192.0.2.2:992")
	do(t, m)
	if l := readLocks(nm.connection(UUID)); l["u"].String() != "yes, 192.0.2.2" || (Connection{settings: nm.connection("u")}).data()["server-addresses"] != "192.0.2.2" {
		t.Errorf("the gateway is another one, the locks are %v", l)
	}
	if calls := nm.took(); !strings.Contains(calls, "Reapply") || strings.Contains(calls, "Delete") {
		t.Errorf("the guard is changed by %s", calls)
	}

	nm.took()
	nm.choose(t, "strict", "no")
	do(t, m)
	if s := nm.connection(UUID); s != nil {
		t.Errorf("the guard is still there: %v", s)
	}
	if v := (Connection{settings: nm.connection("u")}); !v.free() {
		t.Errorf("the profile is still %v", v.settings)
	}
	if calls := nm.took(); !strings.HasPrefix(calls, "Update DeactivateConnection ActivateConnection Update") || !strings.HasSuffix(calls, "DeactivateConnection Delete Reapply Update") {
		t.Errorf("in this order: %s", calls) // the VPN has its way before the rules go, and the addresses until then
	}
}

func TestARefusalLeavesNothingHalfDone(t *testing.T) {
	for refused, want := range map[string]struct{ text, calls string }{
		"AddConnection": {"could not be added: Insufficient privileges", "AddConnection"},
		"Update":        {"“Office” could not be changed: Insufficient privileges", "AddConnection ActivateConnection Update DeactivateConnection Delete Reapply"},
	} {
		nm := &fakeNM{refuse: func(method string, path dbus.ObjectPath) bool { return method == refused }}
		m := startNM(t, nm, withData("strict", "yes").settings)
		err := m.Do(Step{Action: SetUp, UUID: "u"})
		if err == nil || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v", refused, err)
		}
		if calls := nm.took(); nm.connection(UUID) != nil || calls != want.calls {
			t.Errorf("%s: guard %v, calls %v", refused, nm.connection(UUID), calls)
		}
	}
}

// Another program gives another profile its lock between reading and writing.
func TestTwoWritersLoseNoLock(t *testing.T) {
	for _, versions := range []bool{true, false} {
		nm := &fakeNM{versions: versions}
		theirs := lockOf("192.0.2.9", false, "192.0.2.9")
		m := startNM(t, nm, withData("strict", "yes").settings, connection(Locks{"x": theirs}))
		reads, path := 0, nm.find(UUID)
		nm.mu.Lock()
		nm.between = func(p dbus.ObjectPath) {
			if p != path {
				return
			}
			if reads++; reads == 2 { // the first is the look around
				l := readLocks(nm.connection(UUID))
				l["y"] = theirs
				nm.write(path, connection(l))
			}
			if reads == 3 && !versions { // and one that has read before and writes only now
				nm.write(path, connection(Locks{"x": theirs, "y": theirs}))
			}
		}
		nm.mu.Unlock()
		if _, err := m.On(Connection{path: vpnPath, settings: nm.connection("u")}, Wish{}); err != nil {
			t.Fatal(err)
		}
		want := []string{"u", "x", "y"}
		if got := readLocks(nm.connection(UUID)).UUIDs(); !slices.Equal(got, want) {
			t.Errorf("version-id %t: locks of %v, want %v", versions, got, want)
		}
		if !(Connection{path: "/", settings: nm.applied}).current(readLocks(nm.connection(UUID))) {
			t.Errorf("version-id %t: others are in force", versions)
		}
	}
}

// Both find no guard, and both add one.
func TestTwoWritersOfTheFirstLock(t *testing.T) {
	nm := &fakeNM{}
	nm.refuse = func(method string, _ dbus.ObjectPath) bool {
		if method == "AddConnection" && nm.find(UUID) == "" {
			nm.add(connection(Locks{"x": lockOf("192.0.2.9", true, "192.0.2.9")}))
		}
		return false
	}
	m := startNM(t, nm, withData("strict", "yes").settings)
	if n := do(t, m); n != 1 {
		t.Errorf("%d steps", n)
	}
	if got := readLocks(nm.connection(UUID)).UUIDs(); !slices.Equal(got, []string{"u", "x"}) {
		t.Errorf("locks of %v", got)
	}
}

// A person who changes their mind while the guard is being set up is not overruled.
func TestTheLastChoiceCounts(t *testing.T) {
	nm := &fakeNM{}
	nm.refuse = func(method string, _ dbus.ObjectPath) bool {
		if method == "AddConnection" {
			nm.stored[vpnPath] = withData("strict", "no").settings
		}
		return false
	}
	m := startNM(t, nm, withData("strict", "yes").settings)
	if err := m.Do(Step{Action: SetUp, UUID: "u"}); err != nil {
		t.Fatal(err)
	}
	if s, err := m.Read(); err != nil || s.VPNs[0].Strict() || s.Guard.path != "" || len(s.Steps()) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
