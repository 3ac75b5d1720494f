// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"network-manager-softether/po"
)

// usageLines is what --help prints. A line without words is a heading or running text.
//
//po:extract help
var usageLines = []struct{ words, help string }{
	{help: "Usage:"},
	{words: "nm-softether-vpngate list [options]", help: "list VPN Gate relays"},
	{words: "nm-softether-vpngate add [options] [ADDRESS]", help: "add a NetworkManager connection to a relay"},
	{},
	{help: "VPN Gate relays are public SoftEther VPN servers run by volunteers. Without ADDRESS, add uses the first relay that list would show with the same options."},
	{},
	{help: "Selecting relays:"},
	{words: "--country CODES", help: "only these countries, as in JP or JP,KR,US"},
	{words: "--min-speed N", help: "at least N Mbit/s"},
	{words: "--max-ping N", help: "at most N ms"},
	{words: "--sort KEY", help: "sort by speed (default), ping, sessions, uptime, score or country"},
	{words: "--reverse", help: "reverse the order"},
	{words: "--limit N", help: "show at most N relays (list only)"},
	{},
	{help: "Source of the list:"},
	{words: "--url URL", help: "address of the list (default: " + defaultURL + ")"},
	{words: "--file FILE", help: "read a saved list; - is standard input"},
	{words: "--timeout DURATION", help: "time limit for the download (default: 1m)"},
	{},
	{help: "Other options:"},
	{words: "--json", help: "JSON output, for programs"},
	{words: "--all-users", help: "make the connection available to all users (add only)"},
	{words: "--version, --help"},
}

// usage returns the usage in the language of the person.
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

// textWidth is where running text is wrapped, in columns.
const textWidth = 90

// filled wraps running text at blanks. Text without blanks is left to the terminal.
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
