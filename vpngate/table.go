// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"network-manager-softether/po"
)

// A column of the table.
type column struct {
	head  string
	right bool // numbers
	text  func(relay) string
}

//po:extract 0
var tableColumns = []column{
	{textHeadCountry, false, func(r relay) string { return strings.TrimSpace(codeText(r) + " " + r.country) }},
	{textHeadAddress, false, func(r relay) string { return r.addr.String() }},
	{textHeadPort, true, func(r relay) string { return strconv.Itoa(int(r.port)) }},
	{textHeadSpeed, true, func(r relay) string {
		if r.speed == 0 {
			return textUnknown
		}
		return po.F(textSpeed, float64(r.speed)/mbit)
	}},
	{textHeadPing, true, func(r relay) string {
		if r.ping == unknown {
			return textUnknown
		}
		return po.F(textPing, r.ping)
	}},
	{textHeadSessions, true, func(r relay) string {
		if r.sessions == unknown {
			return textUnknown
		}
		return strconv.FormatInt(r.sessions, 10)
	}},
	{textHeadUptime, true, func(r relay) string { return uptimeText(r.uptime) }},
}

// narrow is the order in which columns are dropped if the terminal is too narrow for all, by their position
// in tableColumns. Country and address always stay.
var narrow = []int{6, 5, 4, 2, 3}

// minCountry is how far the first column shrinks before others are dropped: the code and a few letters.
const minCountry = 11

func codeText(r relay) string {
	if r.code == "" {
		return "??"
	}
	return r.code
}

func uptimeText(d time.Duration) string {
	switch {
	case d == 0:
		return textUnknown
	case d < time.Hour:
		return po.F(textMinutes, d/time.Minute)
	case d < 48*time.Hour:
		return po.F(textHours, d/time.Hour)
	}
	return po.F(textDays, d/(24*time.Hour))
}

// writeTable writes a table for people. width is that of the terminal, 0 = no limit.
func writeTable(w io.Writer, relays []relay, width int) error {
	cells := make([][]string, len(tableColumns)) // by column; the first is the head
	widths := make([]int, len(tableColumns))
	for i, c := range tableColumns {
		cells[i] = append(cells[i], po.T(c.head))
		for _, r := range relays {
			cells[i] = append(cells[i], c.text(r))
		}
		for _, s := range cells[i] {
			widths[i] = max(widths[i], columns(s))
		}
	}
	fit(widths, width)
	var b strings.Builder
	for row := range len(relays) + 1 {
		var line strings.Builder
		for i, c := range tableColumns {
			if widths[i] == 0 {
				continue
			}
			if line.Len() > 0 {
				line.WriteString("  ")
			}
			line.WriteString(pad(cells[i][row], widths[i], c.right))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fit shrinks the columns until they fit into width; a column of width 0 is left out.
func fit(widths []int, width int) {
	if width <= 0 {
		return
	}
	excess := func() int {
		sum := -2
		for _, n := range widths {
			if n > 0 {
				sum += n + 2
			}
		}
		return sum - width
	}
	shrink := func() {
		if n := excess(); n > 0 {
			widths[0] = max(min(widths[0], minCountry), widths[0]-n)
		}
	}
	full := widths[0]
	shrink()
	for _, i := range narrow {
		if excess() <= 0 {
			break
		}
		widths[i] = 0
		widths[0] = full
		shrink()
	}
}

func pad(s string, width int, right bool) string {
	n := columns(s)
	switch {
	case n > width:
		for n >= width { // the ellipsis takes one column
			r, size := utf8.DecodeLastRuneInString(s)
			s, n = s[:len(s)-size], n-columns(string(r))
		}
		return s + "…" + strings.Repeat(" ", width-1-n)
	case right:
		return strings.Repeat(" ", width-n) + s
	}
	return s + strings.Repeat(" ", width-n)
}
