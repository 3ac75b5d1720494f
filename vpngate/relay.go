// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"time"
	"unicode"
)

// A relay is one row of the list, after checks.
type relay struct {
	addr    netip.Addr // a public one
	port    uint16     // TCP; never 0
	code    string     // of the country, two capital letters (ISO 3166); "" = not given
	country string     // its name, fit to be shown; may be ""

	score    int64 // VPN Gate's own measure of quality
	speed    int64 // bit/s, as VPN Gate measured it
	ping     int64 // ms from VPN Gate in Japan, not from here; unknown = -1
	sessions int64 // people connected; unknown = -1
	uptime   time.Duration

	logs     string // how long the relay keeps logs, as its owner says; fit to be shown
	operator string // who runs it, as they say; fit to be shown
}

// unknown is a number that the list replaces with "-".
const unknown = -1

// endpoint returns the address to connect to.
func (r relay) endpoint() netip.AddrPort { return netip.AddrPortFrom(r.addr, r.port) }

// public reports whether a can be a relay on the Internet. A list must not be able to send people, with a
// user name and a password, to something in their own network.
func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && a.Zone() == "" && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// shown makes a word of the list fit for any terminal: at most n characters of common Latin scripts on one
// line. Whatever could move the cursor, change the writing direction or take two columns becomes a question
// mark.
func shown(s string, n int) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(s) {
		if n--; n < 0 {
			break
		}
		if r == ' ' || r < 0x250 && unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteByte('?')
		}
	}
	return strings.TrimSpace(b.String())
}

// clean keeps text from others, such as NetworkManager or a web server, from controlling the terminal: on one
// line, without control characters and without those that change the writing direction.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// countryCode returns s in upper case if it is two ASCII letters, otherwise "".
func countryCode(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return ""
	}
	return s
}
