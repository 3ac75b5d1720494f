// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A report is the results with their circumstances.
type report struct {
	*results
	rival string // who that is
	about [][2]string
}

func (b *bench) report() *report {
	rival := "official"
	if b.opts.against != "" {
		rival = "other"
	}
	b.results.added()
	rounds := fmt.Sprintf("%d of %v", b.opts.rounds, b.opts.length)
	if b.opts.soak > 0 {
		rounds = "none, but kept busy for " + b.opts.soak.String()
	}
	return &report{b.results, rival, [][2]string{
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"machine", fmt.Sprintf("%d x %s, Linux %s", runtime.NumCPU(), cpuModel(), kernel())},
		{"go", runtime.Version()},
		{"congestion control", congestion() + ", unless it says otherwise"},
		{"official client and server", "softether " + debianVersion("softether-vpnclient")},
		{"cipher of ours", b.ciphers[oursName]},
		{"cipher of " + rival, b.ciphers[rivalName]},
		{"rounds", fmt.Sprintf("%s, all in %v", rounds, time.Since(b.began).Round(time.Second))},
	}}
}

// print writes the table for people.
func (r *report) print(w io.Writer) {
	for _, a := range r.about {
		fmt.Fprintf(w, "%-30s %s\n", a[0], a[1])
	}
	last := ""
	for _, row := range r.bySetup() {
		if row.setup != last {
			last = row.setup
			fmt.Fprintf(w, "\n%-46s %9s %9s %9s %9s %7s\n", strings.ToUpper(title(last)), "", "ours", r.rival, "no VPN", "ratio")
		}
		ratio := row.ratio()
		better := ""
		if !math.IsNaN(ratio) && (ratio > 1) != row.metric.more && math.Abs(ratio-1) > 0.02 {
			better = "  worse"
		}
		fmt.Fprintf(w, "%-46s %9s %9s %9s %9s %7s%s\n", row.metric.title, row.metric.unit,
			number(row.median(oursName)), number(row.median(rivalName)), number(row.median(bareName)), number(ratio), better)
	}
}

// bySetup lists the rows, those of a setup together, in the order in which the setups first appeared.
func (r *results) bySetup() []*row {
	first := map[string]int{}
	for i, w := range r.rows {
		if _, ok := first[w.setup]; !ok {
			first[w.setup] = i
		}
	}
	return slices.SortedStableFunc(slices.Values(r.rows), func(a, b *row) int { return cmp.Compare(first[a.setup], first[b.setup]) })
}

func title(name string) string {
	if name == desktopSetup {
		return "what a person waits for"
	}
	for _, s := range append(slices.Concat(setups, lineSetups), relay) {
		if s.name == name {
			return s.title
		}
	}
	return name
}

// number formats about three digits, or "-" for what was not measured.
func number(v float64) string {
	switch {
	case math.IsNaN(v), math.IsInf(v, 0):
		return "-"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// writeJSON writes everything that was measured.
func (r *report) writeJSON(file string) error {
	type entry struct {
		Setup  string    `json:"setup"`
		Metric string    `json:"metric"`
		Unit   string    `json:"unit"`
		More   bool      `json:"more_is_better"`
		Ours   []float64 `json:"ours"`
		Rival  []float64 `json:"rival"`
		Bare   []float64 `json:"bare,omitempty"`
		Ratio  *float64  `json:"ratio,omitempty"`
	}
	out := struct {
		About   map[string]string `json:"about"`
		Rival   string            `json:"rival"`
		Results []entry           `json:"results"`
	}{About: map[string]string{}, Rival: r.rival}
	for _, a := range r.about {
		out.About[a[0]] = a[1]
	}
	for _, w := range r.rows {
		e := entry{w.setup, w.metric.title, w.metric.unit, w.metric.more, w.values[oursName], w.values[rivalName], w.values[bareName], nil}
		if ratio := w.ratio(); !math.IsNaN(ratio) && !math.IsInf(ratio, 0) {
			e.Ratio = &ratio
		}
		out.Results = append(out.Results, e)
	}
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "?"
	}
	return unix.ByteSliceToString(u.Release[:])
}

func cpuModel() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func debianVersion(pkg string) string {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", pkg).Output()
	if err != nil {
		return "?"
	}
	return string(out)
}
