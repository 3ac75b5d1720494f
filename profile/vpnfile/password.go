// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"network-manager-softether/internal/rc4"
	"network-manager-softether/internal/sha0"
)

// The keys that hide EncryptedPassword and ProxyPassword: "EncryptPassword", cut to the size of a C pointer
// on the computer that wrote the file (EncryptPassword in Cedar/Client.c). The Windows client itself is a
// 32-bit program.
const (
	key64 = "EncryptP"
	key32 = "Encr"
)

// hide writes a password as a 64-bit client does.
func hide(password string) []byte { return rc4Of(key64, []byte(password)) }

// reveal reads a hidden password. Nothing in the file says who wrote it; the reading that is valid text is
// the right one. Both never are: the first two bytes of the readings differ by 0xE9 and 0x26, so where one
// begins with a complete character, the other has a byte above ASCII next to one in it, or a control
// character. ok is false if neither is text.
func reveal(hidden []byte) (password string, ok bool) {
	for _, key := range []string{key64, key32} {
		if s := string(rc4Of(key, hidden)); isText(s) {
			return s, true
		}
	}
	return "", false
}

func rc4Of(key string, text []byte) []byte {
	var c rc4.Cipher
	c.Reset([]byte(key))
	out := slices.Clone(text)
	c.XOR(out)
	return out
}

func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// hashSize is the size of a SHA-0 hash.
const hashSize = 20

// hashOf returns HashedPassword: what the hub stores of a password (softether-protocol.md 6.3).
func hashOf(user, password string) []byte {
	sum := sha0.Sum([]byte(password), []byte(upperASCII(user)))
	return sum[:]
}

// upperASCII is StrUpper of Mayaqua/Str.c, which leaves everything outside ASCII unchanged.
func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}
