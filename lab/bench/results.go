// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
)

// A metric is a quantity measured for each client.
type metric struct {
	title, unit string
	more        bool // more of it is better
}

var (
	mIdleCPU     = metric{"idle: CPU", "%", false}
	mIdleWakeUps = metric{"idle: wake-ups", "1/s", false}
	mIdleFrames  = metric{"idle: frames through the TAP", "1/s", false}
	mIdleRSS     = metric{"idle: resident memory", "MB", false}
	mIdlePing    = metric{"idle: round trip", "ms", false}
	mIdleShare   = metric{"idle: round trip, the client's part", "ms", false}
	mAwakePing   = metric{"idle, processors awake: round trip", "ms", false}
	mAwakeShare  = metric{"idle, processors awake: the client's part", "ms", false}
	mLoadedRSS   = metric{"loaded: resident memory", "MB", false}
	mSoakFirst   = metric{"for long: resident memory, first tenth", "MB", false}
	mSoakLast    = metric{"for long: resident memory, last tenth", "MB", false}
	mSoakMost    = metric{"for long: resident memory, at most", "MB", false}
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

// packetMetric is one aspect of datagrams.
func packetMetric(l datagramLoad, what string) metric {
	where := fmt.Sprintf("%s, UDP of %d bytes", l.way, l.size)
	if l.flows > 1 {
		where += fmt.Sprintf(", %d flows", l.flows)
	}
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

// results are the rows in the order in which they first appeared.
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

// ratio is ours to the rival's, the median of the rounds' ratios: whatever disturbs the machine for a while
// then disturbs both.
func (w *row) ratio() float64 {
	a, b := w.values[oursName], w.values[rivalName]
	if len(a) != len(b) {
		return w.median(oursName) / w.median(rivalName)
	}
	var ratios []float64
	for i := range a {
		if b[i] <= 0 || a[i] < 0 {
			return math.NaN() // times added may be less than nothing
		}
		ratios = append(ratios, a[i]/b[i])
	}
	return quantile(ratios, 0.5)
}

// added inserts, below every round trip that was also measured without VPN, what the VPN adds to it.
func (r *results) added() {
	var rows []*row
	for _, w := range r.rows {
		rows = append(rows, w)
		bare := w.values[bareName]
		if w.metric.unit != "ms" || len(bare) == 0 || len(w.values) == 1 {
			continue
		}
		more := &row{w.setup, metric{w.metric.title + ", added", w.metric.unit, false}, map[string][]float64{}}
		for _, client := range []string{oursName, rivalName} {
			for i, v := range w.values[client] {
				if i < len(bare) {
					more.values[client] = append(more.values[client], v-bare[i])
				}
			}
		}
		r.index[more.setup+"/"+more.metric.title] = more
		rows = append(rows, more)
	}
	r.rows = rows
}
