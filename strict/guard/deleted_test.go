// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"errors"
	"slices"
	"testing"
)

func TestADeletedProfileLeavesALockThatIsTold(t *testing.T) {
	nm := &fakeNM{}
	m := startNM(t, nm, withData().settings, ethernet(nil).settings)
	office := func() Connection { return Connection{path: vpnPath, settings: nm.connection("u")} }
	if _, err := m.On(office(), Wish{}); err != nil {
		t.Fatal(err)
	}
	if n := do(t, m); n != 0 {
		t.Errorf("%d steps while the profile is there", n)
	}
	nm.mu.Lock()
	delete(nm.stored, vpnPath)
	nm.mu.Unlock()
	nm.took()
	s, err := m.Read()
	if err != nil {
		t.Fatal(err)
	}
	steps := s.Steps()
	if want := []Step{{Action: Tell, UUID: "u"}}; !slices.Equal(steps, want) {
		t.Fatalf("steps are %+v, want %+v", steps, want)
	}
	if err := m.Do(steps[0]); !errors.Is(err, ErrDeleted) {
		t.Errorf("it is done: %v", err)
	}
	if calls := nm.took(); calls != "" || nm.connection(UUID) == nil {
		t.Errorf("something was changed: %s", calls)
	}
	left, err := m.Forget("u")
	if err != nil || len(left) != 0 || nm.connection(UUID) != nil {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, changed := (Connection{settings: nm.connection("n")}).withRules(nil); changed {
		t.Error("the network still has the rules")
	}
	if err := m.Do(steps[0]); err != nil {
		t.Errorf("what is no more is told: %v", err)
	}
}

// Forgetting one lock keeps the others.
func TestOneLockIsForgotten(t *testing.T) {
	nm := &fakeNM{}
	m := startNM(t, nm, connection(Locks{"x": lockOf("192.0.2.9", false, "192.0.2.9"), "y": lockOf("192.0.2.8", false, "192.0.2.8")}))
	nm.mu.Lock()
	nm.active[nmPath+"/ActiveConnection/guard"], nm.applied = nm.find(UUID), nm.stored[nm.find(UUID)]
	nm.mu.Unlock()
	left, err := m.Forget("x")
	if err != nil || !slices.Equal(left.UUIDs(), []string{"y"}) {
		t.Fatalf("left: %v, %v", left, err)
	}
	nm.mu.Lock()
	defer nm.mu.Unlock()
	if !(Connection{path: "/", settings: nm.applied}).current(left) {
		t.Error("the rules in force are others")
	}
}
