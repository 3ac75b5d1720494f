// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestIperfReportIsAddedUp(t *testing.T) {
	for _, tt := range []struct {
		name, report string
		want         traffic
	}{
		{
			"one way", `{"end": {"sum_sent": {"bytes": 9}, "sum_received": {"bytes": 1000, "seconds": 2}}}`,
			traffic{bytes: 1000, bits: 4000, took: 2 * time.Second},
		},
		{
			"both ways", `{"end": {"sum_received": {"bytes": 1000, "seconds": 2}, "sum_received_bidir_reverse": {"bytes": 500, "seconds": 2}}}`,
			traffic{bytes: 1500, bits: 6000, took: 2 * time.Second},
		},
	} {
		got, err := parseIperf([]byte(tt.report))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(traffic{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for _, bad := range []string{"", "{}", `{"error": "no route"}`, `{"end": {"sum_received": {"bytes": 5}}}`} {
		if got, err := parseIperf([]byte(bad)); err == nil {
			t.Errorf("report %q is taken for %+v", bad, got)
		}
	}
}

func TestQuantilesLieBetweenNeighbours(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		part   float64
		want   float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 2, 3}, 0.5, 2.5},
		{[]float64{0, 10}, 0.99, 9.9},
		{[]float64{5, 7}, 1, 7},
	} {
		if got := quantile(tt.values, tt.part); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("quantile %v of %v is %v, want %v", tt.part, tt.values, got, tt.want)
		}
	}
	if got := quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

// A round in which the machine was busy must not decide.
func TestRatioIsThatOfTheRounds(t *testing.T) {
	r := newResults()
	rate := bulkMetric(flow{way: up, streams: 1}, "rate")
	for _, v := range []float64{200, 20, 220} {
		r.add("tcp", oursName, rate, v)
		r.add("tcp", rivalName, rate, v/2)
	}
	if got := r.rows[0].ratio(); got != 2 {
		t.Errorf("twice as fast in every round is a ratio of %v", got)
	}
	if got := r.rows[0].median(oursName); got != 200 {
		t.Errorf("median %v, want 200", got)
	}
	r.add("tcp", oursName, rate, 180) // a round that only one of them has
	if got := r.rows[0].ratio(); got != 190.0/100 {
		t.Errorf("the ratio of the medians is %v, want 1.9", got)
	}
}

// sample is a report with a setup that only ours could do.
func sample() *report {
	r := newResults()
	for _, w := range []way{up, down, both} {
		for i, what := range []string{"rate", "cpu", "ping"} {
			r.add("tcp", oursName, bulkMetric(flow{way: w, streams: 1}, what), float64(i+1))
			r.add("tcp", rivalName, bulkMetric(flow{way: w, streams: 1}, what), float64(i+2))
		}
	}
	r.add("udp", oursName, bulkMetric(flow{way: up, streams: 1}, "rate"), 1000)
	for _, w := range []way{up, down} {
		for _, l := range datagramLoads(w) {
			r.add("tcp", oursName, packetMetric(l, "rate"), 200)
			r.add("tcp", rivalName, packetMetric(l, "rate"), 50)
		}
		for _, s := range lineSetups {
			r.add(s.name, oursName, bulkMetric(flow{way: w, streams: 1}, "rate"), 270)
			r.add(s.name, rivalName, bulkMetric(flow{way: w, streams: 1}, "rate"), 200)
			r.add(s.name, bareName, bulkMetric(flow{way: w, streams: 1}, "rate"), 280)
		}
	}
	r.add("tcp", bareName, bulkMetric(flow{way: up, streams: 1}, "ping"), 2.5)
	r.added()
	r.add("tcp", oursName, mIdleCPU, 0)
	r.add("tcp", rivalName, mIdleCPU, 0)
	return &report{r, "official", [][2]string{{"machine", `2 x <"CPU" & more>`}, {"date", "today"}}}
}

func TestChartIsWellFormed(t *testing.T) {
	chart := sample().chart()
	bars := 0
	for d := xml.NewDecoder(strings.NewReader(chart)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, chart)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" {
			bars++
		}
	}
	// Three of the legend; throughput three pairs and the one of UDP; the line four of three; datagrams ten pairs; CPU
	// two; round trips two, one of them with what there is without VPN.
	if want := 3 + 2*4 + 3*4 + 2*10 + 2*2 + 2*2 + 1; bars != want {
		t.Errorf("%d bars, want %d", bars, want)
	}
	if strings.Contains(chart, "NaN") || !strings.Contains(chart, "prefers-color-scheme:dark") {
		t.Errorf("something is missing or not a number:\n%s", chart)
	}
}

func TestTableAndJSONSayWhatIsMissing(t *testing.T) {
	var table bytes.Buffer
	sample().print(&table)
	for _, want := range []string{"ONE TCP CONNECTION", "up: throughput", "official", "no VPN", "worse", "10000 flows", "round trip under load, added", "BAD LINE", "1000         -         -       -"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in the table:\n%s", want, table.String())
		}
	}
	file := filepath.Join(t.TempDir(), "bench.json")
	if err := sample().writeJSON(file); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rival   string
		Results []struct {
			Setup, Metric string
			Ours, Rival   []float64
			Ratio         *float64
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Rival != "official" || len(got.Results) != len(sample().rows) {
		t.Errorf("%d results against %q, want %d", len(got.Results), got.Rival, len(sample().rows))
	}
	for _, r := range got.Results {
		if r.Setup == "udp" && (r.Ratio != nil || len(r.Rival) != 0) {
			t.Errorf("what was measured of one only has a ratio: %+v", r)
		}
	}
}

func TestWhatTheVPNAddsIsThatOfTheRound(t *testing.T) {
	r := newResults()
	ping := bulkMetric(flow{way: up, streams: 1}, "ping")
	for client, values := range map[string][]float64{oursName: {3, 9, 4}, rivalName: {5, 10}, bareName: {2, 8, 2.5}} {
		for _, v := range values {
			r.add("tcp", client, ping, v)
		}
	}
	r.add("tcp", oursName, mIdleCPU, 1) // is no round trip
	r.added()
	if len(r.rows) != 3 {
		t.Fatalf("%d rows, want the two and one for what is added", len(r.rows))
	}
	if diff := cmp.Diff(map[string][]float64{oursName: {1, 1, 1.5}, rivalName: {3, 2}}, r.rows[1].values); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
}

func TestSetupsAreChosenByName(t *testing.T) {
	all, err := chooseSetups("")
	if err != nil || len(all) != len(setups) {
		t.Errorf("no choice gives %d setups and %v", len(all), err)
	}
	two, err := chooseSetups("udp,tcp")
	if err != nil || len(two) != 2 || two[0].name != "udp" || two[1].name != "tcp" {
		t.Errorf("udp,tcp gives %v and %v", two, err)
	}
	if _, err := chooseSetups("tcp,quic"); err == nil || !strings.Contains(err.Error(), "quic") {
		t.Errorf("an unknown setup: %v", err)
	}
}

func TestCostsOfNMCLIAreReadByTheirKind(t *testing.T) {
	times, memory, err := exportCosts("0 1 20.5 10000\n1 0 22.5 12000\n0 1 19.5 10000\n1 0 21.5 12000\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([2][]float64{{20.5, 19.5}, {22.5, 21.5}}, times); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([2][]float64{{10.24, 10.24}, {12.288, 12.288}}, memory); diff != "" {
		t.Errorf("memory (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "0 1 20.5 10000\n", "0 0 20 1\n1 0 20 1\n", "1 1 20 1\n", "x\n"} {
		if _, _, err := exportCosts(bad); err == nil {
			t.Errorf("%q is taken for costs", bad)
		}
	}
}
