// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"encoding/pem"
	"testing"
	"unicode/utf16"
)

func TestByteOrderMarksOfPEMTextAreOverlooked(t *testing.T) {
	block := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("abc")}))
	wide := func(s string, high int) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			pair := [2]byte{byte(u), byte(u >> 8)}
			b = append(b, pair[1-high], pair[high])
		}
		return string(b)
	}
	for name, test := range map[string]struct {
		text   string
		blocks int
	}{
		"none":                  {block, 1},
		"before":                {utf8Mark + block, 1},
		"two joined files":      {utf8Mark + block + utf8Mark + block, 2},
		"UTF-16, little-endian": {wide(utf8Mark+block+block, 1), 2},
		"UTF-16, big-endian":    {wide(utf8Mark+block, 0), 1},
		"half a character":      {wide(utf8Mark+block, 1) + "x", 1},
	} {
		rest, blocks := PEMText([]byte(test.text)), 0
		for {
			var b *pem.Block
			if b, rest = pem.Decode(rest); b == nil {
				break
			}
			blocks++
		}
		if blocks != test.blocks {
			t.Errorf("%s: %d blocks, want %d", name, blocks, test.blocks)
		}
	}
	for _, other := range []string{"", "\xff", "\xff\xfe", "0\x82\xef\xbb\xbf", wide(utf8Mark+"abc", 1)} {
		if got := string(PEMText([]byte(other))); got != other {
			t.Errorf("%q became %q", other, got)
		}
	}
}

func FuzzPEMText(f *testing.F) {
	f.Add([]byte(utf8Mark + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("\xff\xfe-\x00"))
	f.Add([]byte("\xfe\xff\x00-\xd8"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := PEMText(text)
		if isPEM(got) == bytes.Contains(got, []byte(utf8Mark)) && isPEM(got) {
			t.Errorf("%q keeps a byte order mark: %q", text, got)
		}
		if !isPEM(got) && !bytes.Equal(got, text) {
			t.Errorf("%q is no PEM text, and became %q", text, got)
		}
		if again := PEMText(got); !bytes.Equal(again, got) {
			t.Errorf("%q becomes %q and then %q", text, got, again)
		}
	})
}
