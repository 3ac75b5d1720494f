// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/profile"
	"network-manager-softether/strict/guard"
)

// script is a NetworkManager that has these steps to be done, and writes down when they are tried.
type script struct {
	mu    sync.Mutex
	steps []guard.Step
	err   error // of the next ones
	begun time.Time
	tried []string
	looks int
}

func (s *script) Steps(context.Context) ([]guard.Step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return slices.Clone(s.steps), nil
}

func (s *script) Do(_ context.Context, step guard.Step) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = append(s.tried, fmt.Sprintf("%s %v", step.UUID, time.Since(s.begun).Round(time.Second)))
	if s.err == nil {
		s.steps = slices.DeleteFunc(s.steps, func(o guard.Step) bool { return o == step })
	}
	return s.err
}

func (s *script) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := strings.Join(s.tried, ", ")
	s.tried = nil
	return got
}

// want makes other steps necessary, which fail with err from now on.
func (s *script) want(err error, steps ...guard.Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps, s.err = steps, err
}

// begin starts the clock of what is tried.
func (s *script) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = time.Now()
}

func (s *script) looked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

func keeping(t *testing.T, steps ...guard.Step) (*script, *screen, *keeper) {
	g, d := &script{steps: steps, begun: time.Now()}, &screen{}
	k := newKeeper(g, d)
	go k.run(t.Context())
	return g, d, k
}

// pause lets time pass, and the keeper finish what is then due.
func pause(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestARefusedChoiceIsToldOnceAndTriedAgainLater(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		step := guard.Step{Action: guard.SetUp, UUID: "u", Name: "Office", Key: profile.StrictYes, For: "yes"}
		g, d, k := keeping(t)
		pause(time.Minute)
		g.take()
		refused := errors.New("Insufficient privileges")
		g.begin()
		g.want(refused, step)
		for range 20 { // a restless NetworkManager
			k.wake()
			pause(time.Second)
		}
		if got := g.take(); got != "u 1s" && got != "u 0s" {
			t.Errorf("tried at %s", got)
		}
		pause(4 * time.Minute)
		if got := g.take(); got != "u 31s, u 1m31s, u 3m31s" && got != "u 30s, u 1m30s, u 3m30s" {
			t.Errorf("tried again at %s", got)
		}
		want := "Office: Traffic outside the VPN: The choice “Blocked” is not in force: Insufficient privileges. To try again in a terminal: nm-softether-strict on \"Office\""
		if got := d.take(); !slices.Equal(got, []string{want}) {
			t.Errorf("shown: %q", got)
		}
		k.connected()
		pause(2 * time.Second)
		if got := g.take(); !strings.HasPrefix(got, "u 4m2") {
			t.Errorf("with a network it is tried at %s", got)
		}
		// Another choice is tried at once.
		step.Key, step.For = profile.StrictAllowLAN, "allow-lan"
		g.want(refused, step)
		k.wake()
		pause(2 * time.Second)
		if got := g.take(); !strings.HasPrefix(got, "u 4m") {
			t.Errorf("another choice is tried at %s", got)
		}
		// What has been done elsewhere is on the screen no more.
		g.want(nil)
		k.wake()
		pause(2 * time.Second)
		if got := d.take(); !slices.Equal(got, []string{"closed"}) {
			t.Errorf("then: %q", got)
		}
		looks := g.looked()
		k.connected()
		pause(24 * time.Hour)
		if n := g.looked() - looks; n != 0 {
			t.Errorf("it looked %d times in a day without a reason", n)
		}
	})
}

func TestWhoIsInTheMidstOfAChangeIsLeftAlone(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		g, _, k := keeping(t, guard.Step{Action: guard.Settle, UUID: "u", Name: "Office"})
		pause(3 * time.Minute)
		if got := g.take(); got != "" {
			t.Errorf("done at %s", got)
		}
		g.want(nil) // the program has finished
		k.wake()
		pause(time.Hour)
		if got := g.take(); got != "" {
			t.Errorf("then done at %s", got)
		}
		g.begin()
		g.want(nil, guard.Step{Action: guard.Settle, UUID: "u"}) // of one that has died
		k.wake()
		pause(10 * time.Minute)
		if got := g.take(); got != "u 4m1s" && got != "u 4m0s" {
			t.Errorf("what it left is mended at %s", got)
		}
	})
}

func TestWordsOfAChoice(t *testing.T) {
	for _, tt := range []struct {
		name  string
		key   profile.Strict
		title string
		want  string
	}{
		{"W", profile.StrictNo, "W", "“According to the routes” is not in force: a b. To try again in a terminal: nm-softether-strict off \"W\""},
		{"W", "", "W", "nm-softether-strict off"},
		{"W", profile.StrictAllowLAN, "W", "“Blocked, except in the local network”"},
		{"My W", profile.StrictAllowLAN, "My W", "nm-softether-strict on --allow-lan \"My W\""},
		{"W\n", profile.StrictYes, "W", "nm-softether-strict on \"u\""},
		{"$(reboot)", profile.StrictYes, "$(reboot)", "nm-softether-strict on \"u\""},
	} {
		n := wordsOf(guard.Step{UUID: "u", Name: tt.name, Key: tt.key}, errors.New("a\nb"))
		if n.title != tt.title+": Traffic outside the VPN" || !strings.Contains(n.body, tt.want) {
			t.Errorf("%q: %+v", tt.key, n)
		}
	}
	n := wordsOf(guard.Step{Action: guard.Tell, UUID: "u"}, guard.ErrDeleted)
	if n.title != "Traffic outside VPNs is blocked." || !strings.HasSuffix(n.body, "has been deleted. To stop blocking, in a terminal: nm-softether-strict off u") {
		t.Errorf("deleted: %+v", n)
	}
}
