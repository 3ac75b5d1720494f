// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// decimal reads a number of at most nine digits that consists of digits only and has no leading zero.
func decimal(s string) (int, bool) {
	if len(s) == 0 || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// hexBytes reads hexadecimal bytes, with colons between all of them or none.
func hexBytes(s string) ([]byte, bool) {
	if strings.Contains(s, ":") {
		if len(s)%3 != 2 {
			return nil, false
		}
		for i := range len(s) {
			if (s[i] == ':') != (i%3 == 2) {
				return nil, false
			}
		}
		s = strings.ReplaceAll(s, ":", "")
	}
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) > 0
}

// macBytes reads six hexadecimal bytes with colons or hyphens between them.
func macBytes(s string) ([]byte, bool) {
	if !strings.Contains(s, ":") {
		s = strings.ReplaceAll(s, "-", ":")
	}
	b, ok := hexBytes(s)
	return b, ok && len(s) == len("5e:00:53:01:02:03")
}

// Fingerprint writes a fingerprint as openssl does: D2:EF:…
func Fingerprint(sum []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

// ParseFingerprint reads a SHA-256 fingerprint in the forms server-cert-sha256 has.
func ParseFingerprint(s string) (sum [pinSize]byte, ok bool) {
	b, ok := hexBytes(s)
	if !ok || len(b) != pinSize {
		return sum, false
	}
	return [pinSize]byte(b), true
}
