// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

// A base may come while the first login is under way: the session is where it was begun.
func TestTheBaseIsWhereTheFirstLoginWentOut(t *testing.T) {
	begun := base{wifi, "wlan0", netip.MustParseAddr("10.2.0.1")}
	for name, tt := range map[string]struct {
		kernel error
		t      terrain
		local  string
		want   base
	}{
		"another has come":            {nil, field(), "10.2.0.2", begun},
		"it has gone, another came":   {nil, field(without(wifi)), "10.2.0.2", base{eth, "eth0", netip.MustParseAddr("10.1.0.1")}},
		"it has lost its routes":      {errors.New("no route"), field(routesOf(wifi, func(r groundRoute) (groundRoute, bool) { return r, false })), "10.2.0.2", base{index: wifi, name: "wlan0"}},
		"it was another connection's": {nil, field(), "10.1.0.2", base{eth, "eth0", netip.MustParseAddr("10.1.0.1")}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newServerPath(slog.New(slog.DiscardHandler), nil)
			p.kernel = func(netip.Addr) (way, error) { return way{wifi, "wlan0", unix.RT_TABLE_MAIN}, nil }
			_ = p.bind("tcp4", "203.0.113.10:443", noSocket{})
			p.kernel = func(netip.Addr) (way, error) { return way{eth, "eth0", unix.RT_TABLE_MAIN}, tt.kernel }
			p.at.local = netip.MustParseAddr(tt.local)
			p.learn(groundServer, tt.t, true)
			at, known := p.standing()
			if !known || at.base != tt.want || at.policy {
				t.Errorf("%+v, want %v", at, tt.want)
			}
		})
	}
}

// Only a rule of the person's is a reason to stay on a base. That what is known of the routes is a moment old is none.
func TestABaseIsKeptForARuleAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		table int
		t     terrain
		rule  bool
	}{
		"the main table":                    {unix.RT_TABLE_MAIN, field(), false},
		"the main table, before it had any": {unix.RT_TABLE_MAIN, terrain{}, false},
		"another table":                     {51820, field(), true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newServerPath(slog.New(slog.DiscardHandler), nil)
			p.kernel = func(netip.Addr) (way, error) { return way{wifi, "wlan0", tt.table}, nil }
			p.learn(groundServer, tt.t, true)
			if at, known := p.standing(); !known || at.base.name != "wlan0" || at.policy != tt.rule {
				t.Errorf("%+v, want by rule %v", at, tt.rule)
			}
		})
	}
}

// A server on the link has an address that names the interface. No route leads to it.
func TestAServerOnTheLinkIsReachedThroughItsInterface(t *testing.T) {
	server := netip.MustParseAddr("fe80::10%lo")
	lo, err := kernelWay(server)
	if err != nil || lo.name != "lo" || lo.index == 0 {
		t.Fatalf("%+v, %v", lo, err)
	}
	if w, err := kernelWay(server.WithZone("none0")); err == nil {
		t.Errorf("an interface that does not exist: %+v", w)
	}
	p := newServerPath(slog.New(slog.DiscardHandler), nil)
	p.kernel = func(netip.Addr) (way, error) { return way{index: eth, name: "eth0", table: lo.table}, nil }
	server = server.WithZone("eth0")
	p.learn(server, field(), true)
	p.setTerrain(field())
	at, _ := p.standing()
	for name, tt := range map[string]struct {
		t    terrain
		want turn
	}{"all well": {field(), turnNone}, "the interface gone": {field(without(eth)), turnLost}} {
		if turn, to, why := tt.t.next(at, server); turn != tt.want {
			t.Errorf("%s: %v to %v (%s), want %v", name, turn, to, why, tt.want)
		}
	}
	if p.nowhere("[fe80::10%eth0]:443") {
		t.Error("the interface does not lead to its own link")
	}
}

// noSocket is a socket that cannot be bound.
type noSocket struct{}

func (noSocket) Control(func(uintptr)) error    { return nil }
func (noSocket) Read(func(uintptr) bool) error  { return nil }
func (noSocket) Write(func(uintptr) bool) error { return nil }

// Without the kernel's word about the ground nothing is known of it, not that it is gone.
func TestAGroundThatCannotBeWatchedIsNotTakenForLost(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := &groundStage{stage: newStage(false)}
		st.call(func() error {
			st.system.watchGround = func(*slog.Logger, func(terrain)) (terrain, func(), error) {
				return terrain{}, nil, errors.New("no netlink")
			}
			st.path.kernel = func(netip.Addr) (way, error) { return way{eth, "eth0", unix.RT_TABLE_MAIN}, nil }
			return nil
		})
		st.connect(t, true, settings())
		st.expect(t, connected...)
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.event(protocol.Reattached{After: time.Second, Addr: serverAddr})
		wait(time.Minute)
		if at, known := st.path.standing(); !known || at.lost != "" {
			t.Errorf("it stands on %+v", at)
		}
		st.Disconnect()
	})
}
