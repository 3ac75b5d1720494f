// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

// from has the session's TCP connections begin at an address.
func (st *groundStage) from(local string) {
	st.path.mu.Lock()
	defer st.path.mu.Unlock()
	st.path.at.local = netip.MustParseAddr(local)
}

func TestAWalkWhoseGoalIsGoneLeavesTheSessionWhereItIs(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.from("10.2.0.2")
		st.becomes()
		wait(walkSettles)
		st.moved(t, true)
		st.base(t, "eth0")
		st.becomes(without(eth))
		st.moved(t, true) // and not false: nothing has happened to the connections on the Wi-Fi
		st.base(t, "wlan0")
		st.event(protocol.Moved{Addr: serverAddr})
		st.base(t, "wlan0")
		st.becomes()
		wait(walkSettles)
		st.moved(t, true)
		st.base(t, "eth0")
		st.Disconnect()
	})
}

func TestAWalkGoesOnWhereItsGoalGetsAnotherRouter(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.becomes()
		wait(walkSettles)
		st.moved(t, true)
		st.becomes(router(eth, "10.1.0.3", false), routesOf(eth, func(r groundRoute) (groundRoute, bool) {
			return r, !pinned(r, serverAddr.Addr()) && !pinned(r, groundServer)
		}))
		st.moved(t, true)
		st.base(t, "eth0")
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.base(t, "wlan0")
		st.Disconnect()
	})
}

func TestAWalkLeavesTheSessionToItsFateWhereBothEndsGo(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.from("10.2.0.2")
		st.becomes()
		wait(walkSettles)
		st.moved(t, true)
		st.becomes(without(eth), changed(wifi, func(n *nic) { n.addrs = []netip.Addr{netip.MustParseAddr("10.2.0.77")} }))
		st.moved(t, false)
		st.base(t, "wlan0")
		st.Disconnect()
	})
}

func TestAfterAFailedWalkTheAddressIsStillWatched(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		st.from("10.2.0.2")
		st.becomes()
		wait(walkSettles)
		st.moved(t, true)
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.becomes(changed(wifi, func(n *nic) { n.addrs = []netip.Addr{netip.MustParseAddr("10.2.0.77")} }))
		st.moved(t, false)
		st.Disconnect()
	})
}

// As with a plug that does not sit well, or an address that is set anew.
func TestAMomentWithoutABaseIsSatOut(t *testing.T) {
	for name, gone := range map[string]func(*terrain){
		"no carrier": changed(eth, func(n *nic) { n.up = false }),
		"no address": changed(eth, func(n *nic) { n.addrs = nil }),
		"no routes":  routesOf(eth, func(groundRoute) (groundRoute, bool) { return groundRoute{}, false }),
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := onGround(t, true, without(wifi))
				st.from("10.1.0.2")
				for range 10 {
					st.becomes(without(wifi), gone)
					time.Sleep(50 * time.Millisecond)
					st.becomes(without(wifi))
					time.Sleep(50 * time.Millisecond)
				}
				st.moved(t)
				st.becomes(without(wifi), gone)
				wait(lossSettles)
				st.base(t, "none")
				st.moved(t, false)
				st.Disconnect()
			})
		})
	}
}

// Logind may crash, or be restarted, while the computer sleeps.
func TestAComputerThatIsAwakeNeedNotBeTold(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.sleep(true, func() {})
		wait(sleepMost / 2)
		st.base(t, "none")
		st.sleep(true, func() {}) // once more
		wait(sleepMost - time.Second)
		st.base(t, "none")
		wait(time.Second)
		st.base(t, "eth0")
		st.moved(t, false, false)
		st.Disconnect()
	})
}

// NetworkManager, told that there is no session, must not be told otherwise because a base has come that it does not have.
func TestABaseIsNoSession(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.addressed()
		st.becomes(without(wifi), without(eth))
		st.event(protocol.Detached{Err: protocol.ErrLost})
		wait(outageShown)
		st.hears(t, "state starting")
		st.becomes(without(eth))
		wait(4 * parentSettles)
		st.call(func() error { st.announce(); return nil }) // as when a lease ends
		for _, line := range st.nm.take() {
			if line == "state started" {
				t.Error("NetworkManager is told that the VPN is connected")
			}
		}
		st.event(protocol.Reattached{Addr: serverAddr})
		if heard := st.nm.take(); !slices.Contains(heard, "state started") {
			t.Errorf("NetworkManager is not told that it is: %q", heard)
		}
		wait(time.Minute)
		heard := st.nm.take()
		if n := len(heard); n > 0 && heard[n-1] == "state starting" {
			t.Errorf("in the end it hears %q", heard)
		}
		st.Disconnect()
	})
}

// Networks come in many steps, and each is looked at.
func TestTheFirstOfTwoNetworksThatComeGetsItsChance(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.becomes(without(wifi), without(eth))
		st.event(protocol.Detached{Err: protocol.ErrLost})
		wait(2 * detachedPatience)
		st.moved(t, false)
		st.becomes()
		st.base(t, "eth0")
		st.becomes(changed(wg, func(n *nic) { n.up = false }))
		st.base(t, "eth0")
		st.moved(t, false)
		wait(detachedPatience)
		st.base(t, "wlan0")
		st.Disconnect()
	})
}

func TestBasesThatWereAvoidedOnceAreForgotten(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		for i := range 1000 { // routers of many cafés
			st.call(func() error {
				st.shun(base{wifi, "wlan0", netip.AddrFrom4([4]byte{10, 3, byte(i >> 8), byte(i)})})
				return nil
			})
			wait(time.Minute)
		}
		st.call(func() error {
			if n := len(st.ground.shuns); n > 10 {
				t.Errorf("%d bases are remembered", n)
			}
			return nil
		})
		st.Disconnect()
	})
}

// The name servers to ask are those of the base that has come, not of the one that is gone.
func TestNamesAreAskedOfTheBaseThatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan string, 1)
		p := newServerPath(slog.New(slog.DiscardHandler), func(_ context.Context, device string) ([]netip.Addr, error) {
			asked <- device
			return nil, errors.New("no servers")
		})
		p.use(base{index: eth, name: "eth0"})
		p.lose("the device is gone")
		go p.resolver.LookupNetIP(t.Context(), "ip", "vpn.example")
		synctest.Wait()
		p.use(base{index: wifi, name: "wlan0"})
		if device := <-asked; device != "wlan0" {
			t.Errorf("the name servers of %s are asked", device)
		}
	})
}
