// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"encoding/hex"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestBothWaysOfHidingPasswordsAreRead(t *testing.T) {
	for _, test := range []struct {
		hidden, want string
		ok           bool
	}{
		{"1dfa07901559", "secret", true}, // written by the official client
		{"f4dce995bbf9", "secret", true},
		{hex.EncodeToString(hide("pässword 密码")), "pässword 密码", true},
		{hex.EncodeToString(rc4Of(key32, []byte("pässword 密码"))), "pässword 密码", true},
		{"", "", true},
		{"00010203040506", "", false},
	} {
		hidden, _ := hex.DecodeString(test.hidden)
		if got, ok := reveal(hidden); got != test.want || ok != test.ok {
			t.Errorf("%s: got %q, %t, want %q, %t", test.hidden, got, ok, test.want, test.ok)
		}
	}
}

// However a password begins, one of the two readings is not text.
func TestTheTwoWaysOfHidingAreNeverMistaken(t *testing.T) {
	for r := rune(' '); r <= unicode.MaxRune; r += 1 + r>>8 {
		if !utf8.ValidRune(r) || unicode.IsControl(r) {
			continue
		}
		for _, next := range []string{"", "a", "é", "密", "🙂"} {
			password := string(r) + next
			if got, ok := reveal(rc4Of(key32, []byte(password))); got != password || !ok {
				t.Fatalf("%q of a 32-bit client is read as %q", password, got)
			}
		}
	}
}
