// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"math"
	"strings"
)

// What a word of the file stands for, as the official client reads it, which accepts everything. plain tells
// whether the word is what it would have written itself, so that there is nothing to report.

// number is ToInt of Mayaqua/Str.c: strtoul in C's own notations except octal, cut to 32 bits.
func number(word string) (n uint32, plain bool) {
	s := word
	for len(s) > 0 && s[0] == '0' && (len(s) == 1 || s[1] != 'x' && s[1] != 'X') {
		s = s[1:]
	}
	s = strings.TrimLeft(s, "\v\f")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	base := uint64(10)
	switch {
	case len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && nibble(s[2]) >= 0:
		base, s = 16, s[2:]
	case strings.HasPrefix(s, "0"):
		base = 8
	}
	var sum uint64
	digits := 0
	for ; digits < len(s); digits++ {
		d := nibble(s[digits])
		if d < 0 || uint64(d) >= base {
			break
		}
		if sum > (math.MaxUint64-uint64(d))/base {
			return math.MaxUint32, false // ULONG_MAX, whatever follows
		}
		sum = sum*base + uint64(d)
	}
	plain = base == 10 && digits == len(s) && len(word) > 0 && word[0] >= '0' && word[0] <= '9' && sum <= math.MaxUint32
	if negative {
		sum = -sum
	}
	return uint32(sum), plain
}

// long is ToInt64: decimal digits, with commas anywhere.
func long(word string) (n uint64, plain bool) {
	plain = word != ""
	for i := range len(word) {
		switch c := word[i]; {
		case c >= '0' && c <= '9':
			next := n*10 + uint64(c-'0')
			plain = plain && next/10 == n
			n = next
		case c == ',':
			plain = false
		default:
			return n, false
		}
	}
	return n, plain
}

// truth reads a bool: the word true, or a number that is not 0.
func truth(word string) (on, plain bool) {
	if strings.EqualFold(word, "true") {
		return true, true
	}
	n, plain := number(word)
	return n != 0, plain || strings.EqualFold(word, "false")
}

// decode64 is B64_Decode of Mayaqua/Memory.c, for which every character outside the alphabet is an A. Where
// that reads beyond the end of the word, this reads zeros.
func decode64(word string) (data []byte, plain bool) {
	plain = len(word)%4 == 0
	code := func(i int) (c byte, ok bool) {
		if i >= len(word) {
			return 0, true
		}
		switch c := word[i]; {
		case c >= 'A' && c <= 'Z':
			return c - 'A', true
		case c >= 'a' && c <= 'z':
			return c - 'a' + 26, true
		case c >= '0' && c <= '9':
			return c - '0' + 52, true
		case c == '+':
			return 62, true
		case c == '/':
			return 63, true
		case c == '=':
			if i < len(word)-2 || i == len(word)-2 && word[i+1] != '=' {
				plain = false
			}
			return 0xff, false
		}
		plain = false
		return 0, true
	}
	data = make([]byte, 0, len(word)/4*3+3)
	for i := 0; i < len(word); i += 4 {
		c1, ok1 := code(i)
		c2, ok2 := code(i + 1)
		c3, ok3 := code(i + 2)
		c4, ok4 := code(i + 3)
		if ok1 && ok2 {
			data = append(data, c1<<2|c2>>4)
		}
		if ok2 && ok3 {
			data = append(data, c2<<4|c3>>2)
		}
		if ok3 && ok4 {
			data = append(data, c3<<6|c4)
		}
	}
	return data, plain
}

// escape writes a text as one word of a line: blanks, control characters and the dollar sign become $HH, and
// an empty text becomes a lone dollar sign.
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

// unescape is the inverse of escape, and CfgUnescape for what escape does not write: a dollar sign consumes
// two characters, of which the hexadecimal digits before the first other character count, and a NUL ends the
// text.
func unescape(s string) string {
	if s == "$" {
		return ""
	}
	if !strings.Contains(s, "$") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '$' {
			c = 0
			for _, digit := range []byte(s[i+1 : min(i+3, len(s))]) {
				n := nibble(digit)
				if n < 0 {
					break
				}
				c = c<<4 | byte(n)
			}
			i += 2
		}
		if c == 0 {
			break
		}
		b.WriteByte(c)
	}
	return b.String()
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
