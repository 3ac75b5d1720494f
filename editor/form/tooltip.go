// SPDX-License-Identifier: Apache-2.0

package form

import (
	"strings"
	"unicode"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// tooltipWidth is the maximum length of a line of a tooltip, in columns.
const tooltipWidth = 64

// Tooltip returns the help from the table, broken into lines. The numeric flags of a secret are left out, as
// they are for people who write files. isWide reports whether a character takes two columns (Unicode UAX
// #11).
func (f *Field) Tooltip(isWide func(rune) bool) string {
	k := profile.Lookup(f.Key)
	// Translators: %s is one sentence; this is its full stop.
	tip := po.F("%s.", po.T(k.Help))
	if k.Kind != profile.KindFlags && k.Long != "" {
		tip += "\n" + wrap(po.T(k.Long), tooltipWidth, isWide)
	}
	return tip
}

// wrap breaks a text into lines of at most limit columns: at blanks, and between the characters of scripts
// without blanks, though not before their punctuation.
func wrap(text string, limit int, isWide func(rune) bool) string {
	var out, word strings.Builder
	column, length := 0, 0 // of the line in out, of word
	flush := func() {
		if column > 0 && column+length > limit {
			trimmed := strings.TrimRight(out.String(), " ")
			out.Reset()
			out.WriteString(trimmed + "\n")
			column = 0
		}
		out.WriteString(word.String())
		column += length
		word.Reset()
		length = 0
	}
	for _, r := range text {
		wide := isWide(r)
		if wide && !unicode.IsPunct(r) {
			flush()
		}
		word.WriteRune(r)
		length++
		if wide {
			length++
		}
		if r == ' ' {
			flush()
		}
	}
	flush()
	return strings.TrimRight(out.String(), " ")
}
