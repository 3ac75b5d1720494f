// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"strings"

	"network-manager-softether/po"
)

// escape writes a text as one word of a line: blanks, control characters and the dollar sign become $HH,
// and nothing becomes a lone dollar sign.
func escape(s string) string {
	if s == "" {
		return "$"
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		if c := s[i]; c > ' ' && c != '$' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'$', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

var errEscape error = po.Message("after a dollar sign two hexadecimal digits must follow")

// unescape is the inverse of escape.
func unescape(s string) (string, error) {
	if s == "$" {
		return "", nil
	}
	if !strings.Contains(s, "$") {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '$' {
			b.WriteByte(s[i])
			continue
		}
		if len(s) < i+3 {
			return "", errEscape
		}
		high, low := nibble(s[i+1]), nibble(s[i+2])
		if high < 0 || low < 0 {
			return "", errEscape
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	return b.String(), nil
}

func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
