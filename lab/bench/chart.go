// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// A panel of the chart has bars of one unit, drawn to one scale.
type panel struct {
	title string
	bars  []bar
}

type bar struct {
	label  string
	values map[string]float64 // by client; NaN is written as "-", and one that is missing not drawn
	unit   string
}

// Sizes in pixels.
const (
	chartWidth = 760
	labelWidth = 240
	barLength  = 400
	barHeight  = 13
	barGap     = 8 // below the bars of one label
	panelHead  = 40
)

// style has the colours for light and dark surroundings. The background is left to the page.
const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}.n,.s{font-size:11px;fill:#57606a}
.ours{fill:#1a7f5a}.rival{fill:#a8b1bb}.bare{fill:#d8c38f}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n,.s{fill:#9198a1}.ours{fill:#3fb98a}.rival{fill:#5b6571}.bare{fill:#7d6c3c}}`

// chart draws the most important results as SVG.
func (r *report) chart() string {
	panels := r.panels()
	var b strings.Builder
	y := 30
	text := func(class string, x, y int, s string) {
		fmt.Fprintf(&b, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, html.EscapeString(s))
	}
	rect := func(class string, x, y, w int) {
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="2"/>`+"\n", class, x, y, w, barHeight)
	}
	rect(oursName, 10, y-11, barHeight)
	text("", 30, y, "this client")
	rect(rivalName, 130, y-11, barHeight)
	text("", 150, y, r.rival+" client")
	rect(bareName, 290, y-11, barHeight)
	text("", 310, y, "without VPN")
	for _, p := range panels {
		y += panelHead
		text("t", 10, y, p.title)
		y += 10
		most := p.most()
		for _, bar := range p.bars {
			text("", 10, y+18, bar.label)
			at := y + 2
			for _, client := range []string{oursName, rivalName, bareName} {
				v, ok := bar.values[client]
				if !ok {
					continue
				}
				length := 0
				if !math.IsNaN(v) && most > 0 {
					length = max(1, int(v/most*barLength))
				}
				rect(client, labelWidth, at, length)
				text("n", labelWidth+length+6, at+11, number(v)+" "+bar.unit)
				at += barHeight + 1
			}
			y = at + barGap
		}
	}
	y += 24
	for _, a := range r.about {
		switch a[0] {
		case "machine", "official client and server", "rounds", "date":
			text("s", 10, y, a[0]+": "+a[1])
			y += 15
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img">`+
		"\n<title>This client and the official one on the same server</title>\n<style>%[3]s</style>\n%[4]s</svg>\n", chartWidth, y, style, b.String())
}

// most is the longest bar.
func (p panel) most() float64 {
	most := 0.0
	for _, b := range p.bars {
		for _, v := range b.values {
			if !math.IsNaN(v) {
				most = max(most, v)
			}
		}
	}
	return most
}

// panels chooses what is drawn. What was not measured is left out.
func (r *report) panels() []panel {
	bulk := func(w way, streams int, what string) metric { return bulkMetric(flow{way: w, streams: streams}, what) }
	one := func(w way, what string) metric { return bulk(w, 1, what) }
	udp := func(w way, size, flows int) metric { return packetMetric(datagramLoad{w, size, flows}, "rate") }
	sizes := []string{"64 bytes, up", "512 bytes, up", "1400 bytes, up", "64 bytes, down", "512 bytes, down", "1400 bytes, down"}
	counts := []string{"100 flows, up", "10,000 flows, up", "100 flows, down", "10,000 flows, down"}
	choice := []struct {
		title   string
		setups  []string
		metrics []metric
		labels  []string
	}{
		{"Throughput (more is better)", setupNames(), []metric{one(up, "rate"), one(down, "rate"), one(both, "rate")}, []string{"up", "down", "both ways"}},
		{"Throughput with 1 % loss and a round trip of 40 ms (more is better)", lineNames(), []metric{one(up, "rate"), one(down, "rate")}, []string{"up", "down"}},
		{
			"Datagrams a second with less than 1 % loss (more is better)",
			[]string{"tcp"},
			[]metric{udp(up, 64, 1), udp(up, 512, 1), udp(up, 1400, 1), udp(down, 64, 1), udp(down, 512, 1), udp(down, 1400, 1)},
			sizes,
		},
		{
			"The same in many flows, of 512 bytes (more is better)",
			[]string{"tcp"},
			[]metric{udp(up, 512, 100), udp(up, 512, manyFlows), udp(down, 512, 100), udp(down, 512, manyFlows)},
			counts,
		},
		{"Throughput of 100 TCP flows (more is better)", []string{"tcp"}, []metric{bulk(up, 100, "rate"), bulk(down, 100, "rate")}, []string{"up", "down"}},
		{"Client CPU time per GB (less is better)", setupNames(), []metric{one(up, "cpu"), one(down, "cpu")}, []string{"up", "down"}},
		{"Round trip (less is better)", []string{"tcp"}, []metric{mIdlePing, one(up, "ping"), one(down, "ping")}, []string{"idle", "while sending", "while receiving"}},
		{"Resident memory (less is better)", []string{"tcp"}, []metric{mIdleRSS, mLoadedRSS}, []string{"idle", "loaded"}},
		{"Wake-ups of an idle connection (less is better)", []string{"tcp"}, []metric{mIdleWakeUps}, []string{"per second"}},
	}
	var panels []panel
	for _, c := range choice {
		p := panel{title: c.title}
		for _, s := range c.setups {
			for i, m := range c.metrics {
				w := r.index[s+"/"+m.title]
				if w == nil {
					continue
				}
				label := c.labels[i]
				if len(c.setups) > 1 {
					label += ", " + title(s)
				}
				values := map[string]float64{oursName: w.median(oursName), rivalName: w.median(rivalName)}
				// The bare throughput is many times as much, and only on the bad line something to be measured by.
				if len(w.values[bareName]) > 0 && (m.unit == "ms" || !slices.Contains(setupNames(), s)) {
					values[bareName] = w.median(bareName)
				}
				p.bars = append(p.bars, bar{label, values, m.unit})
			}
		}
		if len(p.bars) > 0 {
			panels = append(panels, p)
		}
	}
	return panels
}
