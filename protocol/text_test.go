// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMessagesBecomePlainText(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Welcome to the office.", "Welcome to the office."},
		{"lines", "one\r\ntwo\rthree\nfour\n\n", "one\ntwo\nthree\nfour"},
		{"Japanese", "ようこそ", "ようこそ"},
		{"escape sequences", "a\x1b[31mred\x1b[0m\x07\x00b", "a[31mred[0mb"},
		{"C1 controls", "a\u009b31mb", "a31mb"},
		{"text that turns around", "a\u202egpj.exe\u2066b", "agpj.exeb"},
		{"joiners stay", "می\u200cخواهم", "می\u200cخواهم"},
		{"not UTF-8", "a\xff\xfeb", "a\uFFFDb"},
		{"Unicode line ends", "a\u2028b\u2029c", "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := plainText(tt.in, 100); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := utf8.RuneCountInString(plainText(strings.Repeat("語", 1000), 100)); got != 100 {
		t.Errorf("%d characters kept, want 100", got)
	}
	if got := plainLine(" a\tb\n c "); got != "a b c" {
		t.Errorf("line %q, want %q", got, "a b c")
	}
}
