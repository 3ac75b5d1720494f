// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/internal/bubbletest"
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
		st.path.kernel = func(netip.Addr) (int, string, error) {
			to, ok := onServer(field(change...)).bestBase(serverAddr.Addr())
			if !ok {
				return 0, "", errors.New("no route")
			}
			return to.index, to.name, nil
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

// wait lets d pass, and all that is to happen by then.
func wait(d time.Duration) {
	time.Sleep(d + time.Millisecond)
	synctest.Wait()
}

// event has the session tell something, as the answer to the last move if it says of none.
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

func TestASessionWalksToABetterBaseThatStays(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.base(t, "wlan0")
		st.becomes()
		time.Sleep(walkSettles / 2)
		st.becomes(without(eth)) // a plug that does not sit well
		wait(walkSettles)
		st.moved(t)
		st.becomes()
		wait(walkSettles)
		synctest.Wait()
		st.moved(t, true)
		st.base(t, "eth0")
		st.event(protocol.Moved{Addr: serverAddr})
		st.expect(t)
		st.Disconnect()
	})
}

// The server counts connections that died with a former base until it notices, and refuses more.
func TestABetterBaseIsTriedAgainSoonWhereTheServerAnswers(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.becomes()
		wait(walkSettles)
		st.moved(t, true)
		st.event(protocol.Stayed{Err: refused(protocol.CodeTooManyConnections)})
		st.base(t, "wlan0")
		time.Sleep(shunFirst)
		st.moved(t)
		wait(3 * walkSettles)
		st.moved(t, true)
		st.event(protocol.Moved{Addr: serverAddr})
		st.base(t, "eth0")
		st.Disconnect()
	})
}

// A session that is lost before it has walked, or on the way, is not the end of walking.
func TestTheNextSessionWalksToTheBetterBase(t *testing.T) {
	for name, lost := range map[string]time.Duration{"before": walkSettles / 2, "on the way": walkSettles + time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := onGround(t, true, without(eth))
				st.becomes()
				time.Sleep(lost)
				synctest.Wait()
				st.session.die(protocol.ErrLost)
				wait(shortestPause + 2*walkSettles)
				st.base(t, "eth0")
				st.Disconnect()
			})
		})
	}
}

func TestABetterBaseThatLeadsNowhereIsLeftAlone(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.becomes()
		wait(walkSettles)
		synctest.Wait()
		st.moved(t, true)
		st.event(protocol.Stayed{Err: errors.New("a log-in page")})
		st.base(t, "wlan0")
		st.becomes(changed(wg, func(n *nic) { n.up = false })) // any change
		time.Sleep(shunFirst)
		st.moved(t)
		wait(3 * walkSettles)
		synctest.Wait()
		st.moved(t, true)
		st.Disconnect()
	})
}

func TestAWalkEndsWithASessionThatIsAttachedAgain(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.becomes()
		wait(walkSettles)
		synctest.Wait()
		st.moved(t, true)
		// All connections are lost on the way, so that nothing tells Moved or Stayed any more.
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.event(protocol.Reattached{Addr: serverAddr})
		st.base(t, "eth0")
		st.call(func() error {
			if st.ground.walk != nil {
				t.Error("the walk goes on, so that there will never be another")
			}
			return nil
		})
		st.Disconnect()
	})
}

func TestAProfileThatDoesNotPersistStaysOnItsBase(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, false, without(eth))
		st.becomes()
		time.Sleep(time.Hour)
		st.moved(t)
		st.becomes(without(wifi)) // NetworkManager ends it soon
		st.moved(t, false)
		st.base(t, "none")
		time.Sleep(time.Hour)
		st.expect(t)
		st.Disconnect()
	})
}

func TestABaseThatIsGoneIsLeftAtOnce(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.addressed()
		st.becomes(without(eth))
		st.moved(t, false)
		st.base(t, "wlan0")
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.event(protocol.Reattached{Addr: serverAddr})
		// NetworkManager has to choose another base and make the route to the server anew.
		wait(outageShown + parentSettles)
		st.hears(t, "config se0 via 192.0.2.1", "state starting", "config se0 via 192.0.2.1", "state started", "config se0 via 192.0.2.1")
		st.Disconnect()
	})
}

// While NetworkManager was told that there is no session, it has chosen the next base by itself.
func TestNetworkManagerIsNotTroubledWhereItHasTheBaseAlready(t *testing.T) {
	for name, bounces := range map[string]bool{"wlan0": false, "eth0": true, "": true} {
		t.Run("it has "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := onGround(t, true, without(wifi))
				st.addressed()
				st.call(func() error {
					st.system.parents = func(_ context.Context, uuid string) ([]string, error) {
						if uuid != st.profile.UUID || name == "" {
							return nil, errors.New("not known")
						}
						return []string{name}, nil
					}
					return nil
				})
				st.becomes(without(wifi), without(eth))
				st.event(protocol.Detached{Err: protocol.ErrLost})
				wait(outageShown)
				st.hears(t, "state starting")
				st.becomes(without(eth))
				st.event(protocol.Reattached{Addr: serverAddr})
				st.hears(t, "config se0 via 192.0.2.1", "state started")
				wait(outageShown + parentSettles)
				heard := st.nm.take()
				if got := slices.Contains(heard, "state starting"); got != bounces {
					t.Errorf("NetworkManager hears of another outage: %v", got)
				}
				if !slices.Contains(heard, "config se0 via 192.0.2.1") {
					t.Errorf("NetworkManager has no reason to make the route to the server anew: %q", heard)
				}
				st.Disconnect()
			})
		})
	}
}

func TestWithoutANetworkNothingIsDoneForHours(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.addressed()
		st.becomes(without(wifi), without(eth))
		st.moved(t, false)
		st.event(protocol.Detached{Err: protocol.ErrLost})
		time.Sleep(outageShown - time.Millisecond)
		st.expect(t)
		time.Sleep(20 * time.Second)
		st.session.die(protocol.ErrUnreachable)
		time.Sleep(5 * time.Hour)
		st.expect(t, "state starting")
		if n := len(st.dialled); n != 1 {
			t.Errorf("%d attempts without a network", n-1)
		}
		st.becomes(without(eth))
		if n := len(st.dialled); n != 2 {
			t.Errorf("%d attempts at once when there is one again, want 1", n-1)
		}
		st.base(t, "wlan0")
		st.hears(t, "config se0 via 192.0.2.1", "state started")
		st.Disconnect()
	})
}

// NetworkManager would stay at "connecting" for ever.
func TestAnOutageIsNotShownWhereAllAddressesAreThePersonsOwn(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.becomes(without(wifi), without(eth))
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.session.die(protocol.ErrUnreachable)
		time.Sleep(time.Hour)
		st.becomes(without(eth))
		st.base(t, "wlan0")
		wait(time.Hour)
		for _, line := range st.nm.take() {
			if line == "state starting" {
				t.Error("NetworkManager is told that the VPN is connecting")
			}
		}
		st.Disconnect()
	})
}

func TestAShortOutageIsNotShown(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.becomes(without(wifi), changed(eth, func(n *nic) { n.up = false }))
		time.Sleep(outageShown / 2)
		st.becomes(without(wifi))
		st.moved(t, false, false)
		st.event(protocol.Reattached{Addr: serverAddr})
		time.Sleep(time.Hour)
		st.expect(t)
		st.Disconnect()
	})
}

func TestANewRouterTakesADetour(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, false)
		follow := func(pinnedToo bool) {
			st.changed(func() terrain {
				t := onServer(field())
				for i, r := range t.routes {
					if r.nic == eth && r.via.IsValid() && (pinnedToo || !pinned(r, serverAddr.Addr())) {
						t.routes[i].via = netip.MustParseAddr("10.1.0.3")
					}
				}
				return t
			}())
			synctest.Wait()
		}
		follow(false)
		st.expect(t, "config se0 via 10.1.0.3")
		st.becomes(changed(wg, func(n *nic) { n.up = false })) // and back: nothing more
		follow(false)
		wait(renewalPause)
		st.expect(t, "config se0 via 192.0.2.1")
		st.moved(t)
		follow(true)
		st.moved(t, true) // what goes by the new router already may be heard
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.moved(t)
		if at, _ := st.path.standing(); at.base.via != netip.MustParseAddr("10.1.0.3") {
			t.Errorf("the base is %v", at.base)
		}
		st.becomes()
		st.event(protocol.Detached{Err: protocol.ErrLost})
		follow(true)
		st.moved(t, true, false) // back, and away once more with nothing to be careful with
		st.Disconnect()
	})
}

// A base that comes back with another router, as when a network is configured anew: NetworkManager's
// route to the server outlives it.
func TestARouteToAFormerRouterIsRenewed(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.becomes(without(wifi), without(eth))
		st.moved(t, false)
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.nm.take()
		st.becomes(without(wifi), router(eth, "10.1.0.3", false))
		st.moved(t, false)
		st.expect(t, "config se0 via 10.1.0.3")
		st.becomes(without(wifi), router(eth, "10.1.0.3", true))
		st.moved(t, false) // what went to the former router is not waited for
		st.becomes(without(wifi), router(eth, "10.1.0.3", true))
		st.moved(t)
		st.Disconnect()
	})
}

func TestSleepLeavesTheServer(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		ready := make(chan struct{})
		st.sleep(true, func() { close(ready) })
		synctest.Wait()
		st.moved(t, false)
		st.becomes(without(wifi)) // the base is there, but not to be used
		st.base(t, "none")
		<-ready
		st.sleep(false, func() {})
		synctest.Wait()
		st.moved(t, false)
		st.base(t, "eth0")
		st.Disconnect()
	})
}

func TestDialsWaitForABase(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		p := newServerPath(slog.New(slog.DiscardHandler), nil)
		p.lose("the device is gone")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := p.DialContext(ctx, "tcp", "192.0.2.1:443"); !errors.Is(err, errNoBase) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the dial ended with %v", err)
		}
		done := make(chan error)
		go func() { done <- p.await(t.Context()) }()
		synctest.Wait()
		p.use(base{index: 1, name: "eth0"})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestLogindsSignal(t *testing.T) {
	good := &dbus.Signal{Path: logindPath, Name: logindIface + ".PrepareForSleep", Body: []any{true}}
	if asleep, ok := prepareForSleep(good); !ok || !asleep {
		t.Errorf("%v, %v", asleep, ok)
	}
	for _, s := range []*dbus.Signal{
		{Path: "/", Name: good.Name, Body: good.Body},
		{Path: good.Path, Name: "other.PrepareForSleep", Body: good.Body},
		{Path: good.Path, Name: good.Name},
		{Path: good.Path, Name: good.Name, Body: []any{"true"}},
	} {
		if _, ok := prepareForSleep(s); ok {
			t.Errorf("%v was believed", s)
		}
	}
}

func TestTellingAgainIsNeverTheSame(t *testing.T) {
	ip := &nmvpn.IPConfig{Addr: netip.MustParsePrefix("10.9.0.5/24")}
	told := announcement{config: nmvpn.Config{TunDev: "se0", HasIP4: true}, ip4: ip}
	for _, bounce := range []bool{false, true} {
		todo, next := again(told, told, bounce)
		want := []step{tellConfig, tellIP4}
		if bounce {
			want = append(want, tellStarted)
		}
		if !slices.Equal(todo, want) || next.toggled == told.toggled {
			t.Errorf("bounce %v: steps %v, toggled %v", bounce, todo, next.toggled)
		}
		told = next
	}
}
