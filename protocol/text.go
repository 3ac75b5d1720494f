// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strings"
	"unicode"
)

// plainLine makes one harmless line of a name that the server gives itself.
func plainLine(s string) string {
	return strings.Join(strings.Fields(plainText(s, maxProduct)), " ")
}

// plainText makes a server's message harmless: valid UTF-8, LF line ends, no control characters, no invisible
// ones that reorder or hide text (Unicode category Cf, except for the two joiners that Persian and emoji
// need), at most limit characters.
func plainText(s string, limit int) string {
	// A character has at most 4 bytes; the rest need not be looked at.
	s = s[:min(len(s), 4*limit)]
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case n == limit:
			return strings.TrimSpace(b.String())
		case r == '\r':
			r = '\n'
		case r == '\n', r == '\t', r == '\u200c', r == '\u200d':
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			continue
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}
