// SPDX-License-Identifier: Apache-2.0

package inetsum

import (
	"bytes"
	"testing"
)

func TestSums(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts [][]byte
		want  uint16
	}{
		{"nothing", nil, 0},
		{"the example of RFC 1071, 3", [][]byte{{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}}, 0xddf2},
		{"an odd part counts as if a zero followed", [][]byte{{0x12}, {0x00, 0x34}}, 0x1234},
		{"a header with its checksum", [][]byte{{0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7}}, 0xffff},
		{"the longest packet twice", [][]byte{bytes.Repeat([]byte{0xff}, 1<<16), bytes.Repeat([]byte{0xff}, 1<<16)}, 0xffff},
	} {
		if got := Of(c.parts...); got != c.want {
			t.Errorf("%s: %#04x, not %#04x", c.name, got, c.want)
		}
	}
}
