// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"golang.org/x/text/width"
)

func TestFingerprintIsSHA256(t *testing.T) {
	for _, n := range []int{0, 1, 55, 56, 64, 1000, 1 << 20} {
		der := bytes.Repeat([]byte{0xa7}, n)
		if got, want := fingerprint(der), sha256.Sum256(der); got != want {
			t.Errorf("%d bytes: got %x, want %x", n, got, want)
		}
	}
}

// The tables of GLib and of Go are of different versions of Unicode, so only what both have had for long is compared.
func TestWideCharactersAreThoseOfUnicode(t *testing.T) {
	for _, script := range []struct{ first, last rune }{
		{0x20, 0x7e},
		{0xa0, 0x5ff},
		{0x1000, 0x11ff},
		{0x3041, 0x3096},
		{0x30a1, 0x30ff},
		{0x3400, 0x4dbf},
		{0x4e00, 0x9fff},
		{0xac00, 0xd7a3},
		{0xf900, 0xfa6d},
		{0xff01, 0xffdc},
		{0x20000, 0x2a6d6},
	} {
		for r := script.first; r <= script.last; r++ {
			kind := width.LookupRune(r).Kind()
			if got, want := isWide(r), kind == width.EastAsianWide || kind == width.EastAsianFullwidth; got != want {
				t.Errorf("%U: got %t, want %t", r, got, want)
			}
		}
	}
}
