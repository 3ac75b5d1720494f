// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A metric is a quantity measured of each client.
type metric struct {
	title, unit string
	more        bool // more of it is better
}

var (
	mIdleCPU     = metric{"idle: CPU", "%", false}
	mIdleWakeUps = metric{"idle: wake-ups", "1/s", false}
	mIdleRSS     = metric{"idle: resident memory", "MB", false}
	mIdlePing    = metric{"idle: round trip", "ms", false}
	mLoadedRSS   = metric{"loaded: resident memory", "MB", false}
)

// bulkMetric is one aspect of bulk transfer.
func bulkMetric(f flow, what string) metric {
	where := f.way.String()
	if f.streams > 1 {
		where += fmt.Sprintf(", %d flows", f.streams)
	}
	switch what {
	case "rate":
		return metric{where + ": throughput", "Mbit/s", true}
	case "cpu":
		return metric{where + ": client CPU", "s/GB", false}
	case "switches":
		return metric{where + ": context switches", "1000/GB", false}
	case "server cpu":
		return metric{where + ": server CPU", "s/GB", false}
	case "ping":
		return metric{where + ": round trip under load", "ms", false}
	}
	return metric{where + ": 99 % of round trips", "ms", false}
}

// packetMetric is one aspect of small datagrams.
func packetMetric(f flow, what string) metric {
	where := fmt.Sprintf("%s, UDP of %d bytes", f.way, f.udp)
	if what == "rate" {
		return metric{where + ": packets", "1000/s", true}
	}
	return metric{where + ": client CPU", "us/packet", false}
}

// A row is all values of a metric in a setup, in the order of the rounds.
type row struct {
	setup  string
	metric metric
	values map[string][]float64 // by client
}

// results are the rows in the order in which they came first.
type results struct {
	rows  []*row
	index map[string]*row
}

func newResults() *results { return &results{index: map[string]*row{}} }

func (r *results) add(setup, client string, m metric, value float64) {
	key := setup + "/" + m.title
	w := r.index[key]
	if w == nil {
		w = &row{setup: setup, metric: m, values: map[string][]float64{}}
		r.index[key] = w
		r.rows = append(r.rows, w)
	}
	w.values[client] = append(w.values[client], value)
}

func (w *row) median(client string) float64 { return quantile(w.values[client], 0.5) }

// ratio is ours to the rival's, the median of the rounds' ratios: what disturbs the machine for a while then
// disturbs both.
func (w *row) ratio() float64 {
	a, b := w.values[oursName], w.values[rivalName]
	if len(a) != len(b) {
		return w.median(oursName) / w.median(rivalName)
	}
	var ratios []float64
	for i := range a {
		ratios = append(ratios, a[i]/b[i])
	}
	return quantile(ratios, 0.5)
}

// A report is the results with the circumstances.
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
	return &report{b.results, rival, [][2]string{
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"machine", fmt.Sprintf("%d x %s, Linux %s", runtime.NumCPU(), cpuModel(), kernel())},
		{"go", runtime.Version()},
		{"official client and server", "softether " + debianVersion("softether-vpnclient")},
		{"cipher of ours", b.ciphers[oursName]},
		{"cipher of " + rival, b.ciphers[rivalName]},
		{"rounds", fmt.Sprintf("%d of %v", b.opts.rounds, b.opts.length)},
	}}
}

// print writes the table for people.
func (r *report) print(w io.Writer) {
	for _, a := range r.about {
		fmt.Fprintf(w, "%-30s %s\n", a[0], a[1])
	}
	last := ""
	for _, row := range r.rows {
		if row.setup != last {
			last = row.setup
			fmt.Fprintf(w, "\n%-40s %10s %10s %10s %8s\n", strings.ToUpper(title(last)), "", "ours", r.rival, "ratio")
		}
		ratio := row.ratio()
		better := ""
		if !math.IsNaN(ratio) && (ratio > 1) != row.metric.more && math.Abs(ratio-1) > 0.02 {
			better = "  worse"
		}
		fmt.Fprintf(w, "%-40s %10s %10s %10s %8s%s\n", row.metric.title, row.metric.unit,
			number(row.median(oursName)), number(row.median(rivalName)), number(ratio), better)
	}
}

func title(setup string) string {
	for _, s := range setups {
		if s.name == setup {
			return s.title
		}
	}
	return setup
}

// number writes three digits or so, and - for what was not measured.
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
		e := entry{w.setup, w.metric.title, w.metric.unit, w.metric.more, w.values[oursName], w.values[rivalName], nil}
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
