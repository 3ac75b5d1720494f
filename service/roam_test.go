// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

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
