// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"network-manager-softether/po"
)

// usageLines is what --help says. A line is a heading or running text if it has no words.
//
//po:extract help
var usageLines = []struct{ words, help string }{
	{help: "Usage:"},
	{words: "nm-softether-vpngate list [options]", help: "show relays of VPN Gate"},
	{words: "nm-softether-vpngate add [options] [ADDRESS]", help: "make a NetworkManager connection for one"},
	{},
	{help: "VPN Gate is a list of public SoftEther servers that volunteers run. Without ADDRESS, add takes the first relay that list would show with the same options."},
	{},
	{help: "Which relays:"},
	{words: "--country CODES", help: "only these countries: JP or JP,KR,US"},
	{words: "--min-speed N", help: "at least N Mbit/s"},
	{words: "--max-ping N", help: "at most N ms"},
	{words: "--sort KEY", help: "by speed (if nothing is said), ping, sessions, uptime, score or country"},
	{words: "--reverse", help: "the other way round"},
	{words: "--limit N", help: "at most N relays (list)"},
	{},
	{help: "Where the list comes from:"},
	{words: "--url URL", help: "an address other than " + defaultURL},
	{words: "--file FILE", help: "a saved list; - is standard input"},
	{words: "--timeout DURATION", help: "for fetching it; 1m if nothing is said"},
	{},
	{help: "Other options:"},
	{words: "--json", help: "for programs"},
	{words: "--all-users", help: "a connection for everybody on this computer, not for you alone (add)"},
	{words: "--version, --help"},
}

// usage returns it in the language of the person.
func usage() string {
	var b strings.Builder
	for _, l := range usageLines {
		switch {
		case l.words == "":
			b.WriteString(filled(po.T(l.help)) + "\n")
		case len(l.words) < 20:
			b.WriteString(strings.TrimRight("  "+l.words+strings.Repeat(" ", 20-len(l.words))+po.T(l.help), " ") + "\n")
		default:
			b.WriteString("  " + l.words + "\n      " + po.T(l.help) + "\n")
		}
	}
	return b.String()
}

// textWidth is where running text breaks, in columns.
const textWidth = 90

// filled breaks running text into lines, at blanks. Text without blanks is left to the terminal.
func filled(text string) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := columns(word)
		switch {
		case column == 0:
		case column+1+n > textWidth:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
