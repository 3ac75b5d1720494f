// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf16"
)

// mutated returns a .vpn file that somebody's editor, mail program, typing error or disk made of text.
func mutated(r *rand.Rand, text []byte) []byte {
	text = bytes.Clone(text)
	for range 1 + r.IntN(3) {
		text = mutations[r.IntN(len(mutations))](r, text)
	}
	return text
}

// oddWords are values and parts of lines that a reader may take otherwise than another.
var oddWords = []string{
	"$", "$20", "$2", "$zz", "$00", "a$00b", "$E6$9D$B1", "$FF", "a$", "$$", "#", "#x", "0", "1", "-1", "+1", "2", "0x1bb", "0x", "00443", "0443", "010", "0b1",
	"443x", "x443", "443.0", "4.4e2", "65535", "65536", "65979", "2147483648", "4294967295", "4294967296", "4294967739", "18446744073709551615",
	"18446744073709551616", "99999999999999999999999", "1,443", "true", "TRUE", "True", "tru", "yes", "on", "false", "False", "no", "null", "\"443\"", "'x'",
	"東京", "\x93\x8c\x8b\x9e", "é", "\xe9", "🙂", "\xf0\x9f", "\xe6\x9d", "vpn.example.com:5555", "vpn.example.com/tcp", "vpn.example.com/pc7", "[2001:db8::1]",
	"2001:db8::1", "a/b/c", "//", "QUJD", "QUI=", "QQ==", "QUI", "Q", "====", "A=A=", "*?!", "H8N7rT8BH44q0nFXC9NlFxetGzQ=", "{", "}", "\v443", "\f443", "\x00", "\x1b[1m",
}

func oddWord(r *rand.Rand) string {
	if r.IntN(40) == 0 {
		return strings.Repeat("x", 200+r.IntN(400))
	}
	return oddWords[r.IntN(len(oddWords))]
}

// onLine returns a mutation of one line, which has no line end.
func onLine(f func(r *rand.Rand, line string) string) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, text []byte) []byte {
		lines := strings.Split(string(text), "\n")
		i := r.IntN(len(lines))
		line, cr := strings.CutSuffix(lines[i], "\r")
		line = f(r, line)
		if cr {
			line += "\r"
		}
		lines[i] = line
		return []byte(strings.Join(lines, "\n"))
	}
}

// onWord returns a mutation of one word of a line.
func onWord(n int, f func(r *rand.Rand, word string) string) func(*rand.Rand, []byte) []byte {
	return onLine(func(r *rand.Rand, line string) string {
		words := strings.Split(line, " ")
		if n >= len(words) {
			return line
		}
		indent := words[n][:len(words[n])-len(strings.TrimLeft(words[n], "\t"))]
		words[n] = indent + f(r, words[n][len(indent):])
		return strings.Join(words, " ")
	})
}

func insertAt(r *rand.Rand, text []byte, s string) []byte {
	at := r.IntN(len(text) + 1)
	return append(append(bytes.Clone(text[:at]), s...), text[at:]...)
}

var mutations = []func(r *rand.Rand, text []byte) []byte{
	// Values, types and names.
	onWord(2, func(r *rand.Rand, _ string) string { return oddWord(r) }),
	onWord(2, func(r *rand.Rand, _ string) string { return oddWord(r) }),
	onWord(2, func(r *rand.Rand, w string) string { return w + oddWord(r) }),
	onWord(2, func(r *rand.Rand, w string) string { return w + " # " + oddWord(r) }),
	onWord(2, func(r *rand.Rand, w string) string { return w + " " + oddWord(r) }),
	onWord(2, func(r *rand.Rand, w string) string { return " \t " + w }),
	onWord(2, func(*rand.Rand, string) string { return "" }),
	onWord(2, func(r *rand.Rand, w string) string { return fmt.Sprint(r.IntN(1 << r.IntN(40))) }),
	onWord(0, func(r *rand.Rand, _ string) string {
		return []string{"uint", "string", "bool", "byte", "uint64", "declare", "int", "}"}[r.IntN(8)]
	}),
	onWord(1, func(r *rand.Rand, w string) string {
		return []string{strings.ToUpper(w), strings.ToLower(w), w + "2", "AccountName", "Port", "Username", "$" + w, "Host$6Eame"}[r.IntN(8)]
	}),
	onLine(func(r *rand.Rand, line string) string { return strings.ToUpper(line) }),
	// Lines.
	onLine(func(*rand.Rand, string) string { return "" }),
	onLine(func(_ *rand.Rand, line string) string { return line + "\n" + line }),
	onLine(func(_ *rand.Rand, line string) string { return "#" + line }),
	onLine(func(r *rand.Rand, line string) string { return line + " # " + oddWord(r) }),
	onLine(func(r *rand.Rand, line string) string { return line + strings.Repeat(" ", r.IntN(3)) + "\t" }),
	onLine(func(_ *rand.Rand, line string) string { return strings.ReplaceAll(line, " ", "\t") }),
	onLine(func(_ *rand.Rand, line string) string { return strings.TrimSpace(line) }),
	onLine(func(r *rand.Rand, line string) string {
		items := []string{
			"uint Port 1", "string Username twice", "string Hostname twice.example.com", "string HubName TWICE", "uint AuthType 2", "bool UseEncrypt false",
			"declare Sub\n{\nstring Hostname sub\n}", "declare ClientOption\n{\nstring Hostname twice\n}", "declare ClientAuth\n{\nstring Username twice\n}", "declare root\n{\n}", "declare", "declare x", "{", "}",
		}
		return line + "\n\t" + items[r.IntN(len(items))]
	}),
	func(r *rand.Rand, text []byte) []byte { // two lines change places
		lines := bytes.SplitAfter(text, []byte("\n"))
		i, j := r.IntN(len(lines)), r.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[i]
		return bytes.Join(lines, nil)
	},
	func(r *rand.Rand, text []byte) []byte { // a piece twice
		from := r.IntN(len(text) + 1)
		to := min(len(text), from+r.IntN(200))
		return append(append(bytes.Clone(text[:to]), text[from:to]...), text[to:]...)
	},
	// The file.
	func(r *rand.Rand, text []byte) []byte { return text[:r.IntN(len(text)+1)] },
	func(r *rand.Rand, text []byte) []byte { return insertAt(r, text, oddWord(r)) },
	func(r *rand.Rand, text []byte) []byte { return insertAt(r, text, "\n") },
	func(r *rand.Rand, text []byte) []byte { return insertAt(r, text, string(rune(r.IntN(256)))) },
	func(r *rand.Rand, text []byte) []byte {
		if len(text) > 0 {
			text[r.IntN(len(text))] ^= 1 << r.IntN(8)
		}
		return text
	},
	func(_ *rand.Rand, text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) },
	func(_ *rand.Rand, text []byte) []byte { return append([]byte("\ufeff"), text...) },
	func(_ *rand.Rand, text []byte) []byte { // without the remarks at the beginning
		return text[max(bytes.Index(text, []byte("declare root")), 0):]
	},
	func(_ *rand.Rand, text []byte) []byte {
		return append([]byte("\ufeff"), text[max(bytes.Index(text, []byte("declare root")), 0):]...)
	},
	func(r *rand.Rand, text []byte) []byte { // other line ends
		return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte([]string{"\n", "\r\n", "\r", "\r\r\n", "\n\r"}[r.IntN(5)]))
	},
	func(r *rand.Rand, text []byte) []byte { // UTF-16
		if r.IntN(4) > 0 {
			return text
		}
		var b []byte
		for _, u := range utf16.Encode([]rune("\ufeff" + strings.TrimPrefix(string(text), "\ufeff"))) {
			b = append(b, byte(u), byte(u>>8))
		}
		return b
	},
	func(r *rand.Rand, text []byte) []byte { // remarks of another encoding, or very long
		remarks := []string{"# \x90\xda\x91\xb1\x90\xdd\x92\xe8\r\n", "# 東京\n", "\x90\xda\x91\xb1\n", "# " + strings.Repeat("x", 100000) + "\n", strings.Repeat("\n", 1000), "no remark, but words\n", "}\n", "{\n", "#\x00\n"}
		return append([]byte(remarks[r.IntN(len(remarks))]), text...)
	},
	// Certificates and keys.
	onWord(2, func(r *rand.Rand, w string) string {
		der, err := base64.StdEncoding.DecodeString(w)
		if err != nil || len(der) < 100 {
			return w
		}
		switch r.IntN(3) {
		case 0:
			der[r.IntN(len(der))] ^= 1 << r.IntN(8)
		case 1:
			der = der[:r.IntN(len(der))]
		case 2:
			der = append(der, "more"...)
		}
		return base64.StdEncoding.EncodeToString(der)
	}),
}
