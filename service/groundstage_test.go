// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
)

// A groundStage is a stage on a terrain that a test changes.
type groundStage struct {
	*stage
	changed func(terrain)
	sleep   func(asleep bool, ready func())
}

// onGround connects over the cable of field, or over what change leaves of it.
func onGround(t *testing.T, persistent bool, change ...func(*terrain)) *groundStage {
	t.Helper()
	st := &groundStage{stage: newStage(false)}
	st.call(func() error {
		st.system.watchGround = func(_ *slog.Logger, changed func(terrain)) (terrain, func(), error) {
			st.changed = changed
			return onServer(field(change...)), func() {}, nil
		}
		st.system.watchSleep = func(_ *slog.Logger, changed func(bool, func())) (func(), error) {
			st.sleep = changed
			return func() {}, nil
		}
		st.path.kernel = func(netip.Addr) (way, error) {
			to, ok := onServer(field(change...)).bestBase(serverAddr.Addr())
			if !ok {
				return way{}, errors.New("no route")
			}
			return way{to.index, to.name, unix.RT_TABLE_MAIN}, nil
		}
		return nil
	})
	s := settings()
	s["vpn"]["persistent"] = dbus.MakeVariant(persistent)
	st.connect(t, true, s)
	st.expect(t, connected...)
	return st
}

// addressed has NetworkManager know of an address, as after a lease: without one it hears of no outage.
func (st *groundStage) addressed() {
	st.call(func() error {
		st.inner.announced.ip4 = &nmvpn.IPConfig{Addr: netip.MustParsePrefix("10.66.0.10/24"), NeverDefault: true}
		return nil
	})
}

// hears is expect without the addresses.
func (st *groundStage) hears(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	got := slices.DeleteFunc(st.nm.take(), func(line string) bool { return strings.HasPrefix(line, "ip4 ") })
	if !slices.Equal(got, want) {
		t.Errorf("NetworkManager heard %q, want %q", got, want)
	}
}

// onServer has the routes of field lead to the stage's server.
func onServer(t terrain) terrain {
	for i, r := range t.routes {
		if r.dst.Addr() == groundServer {
			t.routes[i].dst = netip.PrefixFrom(serverAddr.Addr(), 32)
		}
	}
	// The stage's TAP has no default route, and there is no other VPN.
	t.routes = slices.DeleteFunc(t.routes, func(r groundRoute) bool { return r.nic == wg || r.nic == tapNIC })
	return t
}

// becomes changes the terrain.
func (st *groundStage) becomes(change ...func(*terrain)) {
	st.changed(onServer(field(change...)))
	synctest.Wait()
}

// wait lets d pass, and everything happen that is due by then.
func wait(d time.Duration) {
	time.Sleep(d + time.Millisecond)
	synctest.Wait()
}

// event has the session tell e. An answer that names no move is to the last one.
func (st *groundStage) event(e protocol.Event) {
	last := 0
	st.call(func() error { last = st.session.move; return nil })
	switch answer := e.(type) {
	case protocol.Moved:
		answer.Move = cmp.Or(answer.Move, last)
		e = answer
	case protocol.Stayed:
		answer.Move = cmp.Or(answer.Move, last)
		e = answer
	case protocol.Reattached:
		answer.Move = cmp.Or(answer.Move, last)
		e = answer
	}
	st.dialled[len(st.dialled)-1].Notify(e)
	synctest.Wait()
}

func (st *groundStage) base(t *testing.T, want string) {
	t.Helper()
	at, _ := st.path.standing()
	if at.lost != "" {
		at.base.name = "none"
	}
	if at.base.name != want {
		t.Errorf("the base is %s, want %s", at.base.name, want)
	}
}

func (st *groundStage) moved(t *testing.T, want ...bool) {
	t.Helper()
	synctest.Wait()
	var got []bool
	st.call(func() error { // the loop's own
		got, st.session.moves = st.session.moves, nil
		return nil
	})
	if !slices.Equal(got, want) {
		t.Errorf("the session was told %v, want %v", got, want)
	}
}
