// SPDX-License-Identifier: Apache-2.0

package main

import (
	"unicode"

	"golang.org/x/text/width"
)

// columns returns how many columns of a terminal a text takes (Unicode UAX #11): two for East Asian
// characters, none for marks and for characters that only control the direction.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			continue
		case isWide(r):
			n++
		}
		n++
	}
	return n
}

func isWide(r rune) bool {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return true
	}
	return false
}
