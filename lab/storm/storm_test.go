// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
)

func TestMain(m *testing.M) { os.Exit(netns.Main(m.Run)) }

// A storm of three minutes, which draws the same faults each time. Its table is in the log.
func TestAStormIsSurvived(t *testing.T) {
	r, err := weather(t.Context(), options{length: 3 * time.Minute, seed: 1, calm: true}, t.Logf)
	if r != nil {
		t.Logf("\n%v", r)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := r.verdict(); err != nil {
		t.Error(err)
	}
}

// What a storm that goes well does not show.
func TestTheVerdictNamesWhatWentWrong(t *testing.T) {
	good := func() *report {
		return &report{
			tallies: []*tally{{name: "cable pulled", struck: 30}}, canary: 1, goroutines: goroutines{storm: 90, fresh: 88},
			begin: map[string]use{"services": {descriptors: 30}}, end: map[string]use{"services": {descriptors: 32}},
		}
	}
	if err := good().verdict(); err != nil {
		t.Error("nothing went wrong, but:", err)
	}
	for what, spoil := range map[string]func(*report){
		"a fault":       func(r *report) { r.tallies[0].failed = append(r.tallies[0].failed, os.ErrDeadlineExceeded) },
		"a stream":      func(r *report) { r.streams = []streamTotal{{err: os.ErrInvalid}} },
		"in clear":      func(r *report) { r.clear = map[string]int{"base0: to 192.0.2.77": 1} },
		"left":          func(r *report) { r.left = []string{"rules: + 0: from all lookup 7"} },
		"goroutines":    func(r *report) { r.goroutines.storm += 31 },
		"descriptors":   func(r *report) { r.end["services"] = use{descriptors: 63} },
		"a blind watch": func(r *report) { r.canary = 0 },
	} {
		r := good()
		spoil(r)
		if r.verdict() == nil {
			t.Errorf("%s: nothing is said", what)
		}
	}
}

func TestAStateIsComparedLineByLine(t *testing.T) {
	before := state{"routes": {"a", "b", "b"}, "DNS": nil}
	if left := before.to(state{"routes": {"b", "a", "b"}, "DNS": nil}); len(left) > 0 {
		t.Errorf("the same is different: %q", left)
	}
	left := before.to(state{"routes": {"a", "b", "c", "c"}, "DNS": {"d"}})
	want := []string{"DNS: + d", "routes: + c", "routes: + c", "routes: - b"}
	if len(left) != len(want) {
		t.Fatalf("left is %q, want %q", left, want)
	}
	for i := range want {
		if left[i] != want[i] {
			t.Errorf("left is %q, want %q", left, want)
		}
	}
}

// Two faults at once are a kind of their own, and the report says which were the worst.
func TestTwoFaultsAtOnceAreNamed(t *testing.T) {
	pulled, frozen := fault{name: "cable pulled"}, fault{name: "server frozen"}
	r := &report{}
	r.add([]fault{pulled}, outcome{gap: time.Second})
	r.add([]fault{pulled, frozen}, outcome{gap: 3 * time.Second})
	r.add([]fault{frozen, pulled}, outcome{gap: 2 * time.Second, failed: os.ErrDeadlineExceeded})
	if r.struck() != 3 || r.survived() != 2 {
		t.Errorf("%d faults, %d survived; want 3 and 2", r.struck(), r.survived())
	}
	if said, want := r.String(), "The longest gap of two at once: cable pulled and server frozen."; !strings.Contains(said, want) {
		t.Errorf("the report does not say %q:\n%s", want, said)
	}
	if err := r.verdict(); err == nil || !strings.Contains(err.Error(), "server frozen and cable pulled") {
		t.Errorf("the verdict does not name both: %v", err)
	}
}

func TestFaultsAreChosen(t *testing.T) {
	calm, err := chooseFaults(options{calm: true})
	if want := len(faults) - 1 - len(placeFaults); err != nil || len(calm) != want {
		t.Errorf("a calm storm has %d of %d faults (%v), want %d: all but sleep and those of places", len(calm), len(faults), err, want)
	}
	two, err := chooseFaults(options{only: "computer asleep, line bad"})
	if err != nil || names(two) != "computer asleep and line bad" {
		t.Errorf("chosen are %s (%v)", names(two), err)
	}
	if _, err := chooseFaults(options{only: "rain"}); err == nil {
		t.Error("a fault that does not exist was found")
	}
}
