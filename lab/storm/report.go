// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A report is what the storm did and what it left.
type report struct {
	opts       options
	tallies    []*tally
	streams    []streamTotal
	clear      map[string]int
	canary     int
	begin, end map[string]use
	goroutines goroutines
	left       []string
}

// An outcome is the result of one fault.
type outcome struct {
	held, gap, back, home time.Duration
	whose                 string // the gap is
	failed                error
}

func (o outcome) remark() string {
	if o.failed == nil {
		return ""
	}
	return "NOT SURVIVED: " + o.failed.Error()
}

// A tally sums up one kind of fault.
type tally struct {
	name                  string
	struck                int
	held, gap, back, home time.Duration // the longest
	whose                 string        // the gap is
	which                 string        // faults made it, if two struck at once
	failed                []error
}

// atOnce is the kind of all pairs of faults.
const atOnce = "two of these at once"

func (r *report) add(drawn []fault, o outcome) {
	name := drawn[0].name
	if len(drawn) > 1 {
		name = atOnce
	}
	i := slices.IndexFunc(r.tallies, func(t *tally) bool { return t.name == name })
	if i < 0 {
		i = len(r.tallies)
		r.tallies = append(r.tallies, &tally{name: name})
	}
	t := r.tallies[i]
	t.struck++
	t.held, t.back, t.home = max(t.held, o.held), max(t.back, o.back), max(t.home, o.home)
	if o.gap > t.gap {
		t.gap, t.whose = o.gap, o.whose
		if len(drawn) > 1 {
			t.which = names(drawn)
		}
	}
	if o.failed != nil {
		t.failed = append(t.failed, fmt.Errorf("%s: %w", names(drawn), o.failed))
	}
}

// verdict is an error unless everything was survived, every byte arrived, nothing left in the clear and
// nothing is left behind.
func (r *report) verdict() error {
	var errs []error
	for _, t := range r.tallies {
		for _, err := range t.failed {
			errs = append(errs, fmt.Errorf("not survived: %w", err))
		}
	}
	for _, s := range r.streams {
		if s.err != nil {
			errs = append(errs, fmt.Errorf("stream %s: %w", s.name, s.err))
		}
	}
	for what, n := range r.clear {
		errs = append(errs, fmt.Errorf("%d packets left in clear by %s", n, what))
	}
	if r.canary == 0 {
		errs = append(errs, errors.New("the captures saw no packet at all"))
	}
	for _, line := range r.left {
		errs = append(errs, errors.New("left: "+line))
	}
	// As many goroutines as a leak of one per fault would cause are a leak. Services that do the same differ
	// by a dozen, depending on what they are waiting for.
	if g := r.goroutines; g.storm > g.fresh+max(25, r.struck()) {
		errs = append(errs, fmt.Errorf("%d goroutines after the storm, %d in services that have just begun", g.storm, g.fresh))
	}
	if a, b := r.begin["services"].descriptors, r.end["services"].descriptors; b > a+max(25, r.struck()) {
		errs = append(errs, fmt.Errorf("%d descriptors after the storm, %d before", b, a))
	}
	return errors.Join(errs...)
}

func (r *report) struck() (n int) {
	for _, t := range r.tallies {
		n += t.struck
	}
	return n
}

func (r *report) survived() int {
	n := r.struck()
	for _, t := range r.tallies {
		n -= len(t.failed)
	}
	return n
}

// String is for people.
func (r *report) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("A storm of %v, seed %d: %d faults, %d survived", r.opts.length, r.opts.seed, r.struck(), r.survived())
	line("\n%-33s %6s %8s %9s %12s %-5s %11s %11s", "seconds, the longest of each kind", "struck", "survived", "lasted", "without echo", "in", "all back", "better base")
	for _, t := range r.tallies {
		line("%-33s %6d %8d %9.1f %12.2f %-5s %11.2f %11.2f", t.name, t.struck, t.struck-len(t.failed), t.held.Seconds(), t.gap.Seconds(), t.whose, t.back.Seconds(), t.home.Seconds())
	}
	for _, t := range r.tallies {
		if t.which != "" {
			line("The longest gap of two at once: %s.", t.which)
		}
	}
	line("The longest of each kind: a gap is between two echoes of any tunnel, and \"all back\" is from the end of the fault until every tunnel" +
		" had echoes, both streams,\na new connection, and NetworkManager's word for it.")
	line("\n%-34s %7s %10s", "byte-checked TCP", "number", "MB")
	for _, s := range r.streams {
		state := "exact"
		if s.err != nil {
			state = s.err.Error()
		}
		line("%-34s %7d %10.1f %s", s.name, s.number, float64(s.bytes)/1e6, state)
	}
	line("\npackets in clear: %d (%d once strict mode was off)", packets(r.clear), r.canary)
	line("Allowed on the bases are packets to the VPN server's addresses, ARP, neighbour discovery, multicast listener reports and DHCP.")
	for _, what := range slices.Sorted(maps.Keys(r.clear)) {
		line("  %6d  %s", r.clear[what], what)
	}
	line("\n%-34s %12s %12s", "", "start", "end")
	for _, who := range slices.Sorted(maps.Keys(r.end)) {
		line("%-34s %12d %12d", who+": descriptors", r.begin[who].descriptors, r.end[who].descriptors)
		line("%-34s %12.1f %12.1f", who+": memory (MB)", float64(r.begin[who].memory)/1e6, float64(r.end[who].memory)/1e6)
	}
	line("%-34s %12d %12d", "services: goroutines", r.goroutines.fresh, r.goroutines.storm)
	line("\nleft in the end (interfaces, addresses, routes, rules, nft tables, DNS, connections, programs): %d", len(r.left))
	for _, l := range r.left {
		line("  %s", l)
	}
	return b.String()
}
