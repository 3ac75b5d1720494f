// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"encoding/pem"
	"strings"
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
		"UTF-16 without a mark": {wide(block, 1), 1},
		"the other UTF-16":      {wide(block+block, 0), 2},

		"Windows":                   {strings.ReplaceAll(block+block, "\n", "\r\n"), 2},
		"Windows, twice":            {strings.ReplaceAll(block, "\n", "\r\r\n"), 1},
		"an old Macintosh":          {strings.ReplaceAll(block+block, "\n", "\r"), 2},
		"every other line is empty": {strings.ReplaceAll(block, "\n", "\n\n"), 1},
		"no line end at the end":    {strings.TrimSpace(block), 1},
		"joined without a line end": {strings.TrimSpace(block) + block + strings.TrimSpace(block) + block, 4},
		"indented by blanks":        {strings.ReplaceAll(block+block, "\n", "\n    "), 2},
		"indented by tabs":          {"\t" + strings.ReplaceAll(block, "\n", "\n\t"), 1},
		"blanks behind":             {strings.ReplaceAll(block, "\n", "  \n"), 1},
		"one line":                  {strings.ReplaceAll(block+block, "\n", " "), 2},
		"one line without blanks":   {strings.ReplaceAll(block+block, "\n", ""), 2},
		"line ends as in JSON":      {strings.ReplaceAll(block+block, "\n", `\n`), 2},
		"line ends as in C#":        {strings.ReplaceAll(block, "\n", `\r\n`), 1},
		"a NUL at the end":          {strings.TrimSpace(block) + "\x00", 1},
		"the end of a text in DOS":  {strings.TrimSpace(block) + "\x1a", 1},
		"two of these":              {strings.TrimSpace(block) + "\x1a" + strings.TrimSpace(block) + "\x1a", 2},
		"text before":               {"Bag Attributes\n    localKeyID: 01\nsubject=CN = joe\n\n" + block, 1},
		"a word about boundaries":   {"# from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----\n" + block, 1},
		"not closed":                {"-----BEGIN CERTIFICATE-----\nMAA=\n", 0},
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
	for _, other := range []string{"", "\xff", "\xff\xfe", "0\x82\xef\xbb\xbf", wide(utf8Mark+"abc", 1), "-----END -----BEGIN "} {
		if got := string(PEMText([]byte(other))); got != other {
			t.Errorf("%q became %q", other, got)
		}
	}
}

// The headers of an encrypted key stand between its first line and an empty one.
func TestHeadersOfPEMTextAreKept(t *testing.T) {
	block := string(pem.EncodeToMemory(&pem.Block{Type: PKCS1, Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("abc")}))
	for _, end := range []string{"\n", "\r\n", "\r\r\n", "\r", "\n  ", " \n"} {
		b, _ := pem.Decode(PEMText([]byte(strings.ReplaceAll(block, "\n", end))))
		if b == nil || b.Headers["DEK-Info"] != "AES-256-CBC,00" || string(b.Bytes) != "abc" {
			t.Errorf("with line ends %q: %+v", end, b)
		}
	}
}

func FuzzPEMText(f *testing.F) {
	f.Add([]byte(utf8Mark + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("\xff\xfe-\x00"))
	f.Add([]byte("\xfe\xff\x00-\xd8"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := PEMText(text)
		if isPEM(got) && isPEM(tidied(got)) && bytes.Contains(got, []byte(utf8Mark)) {
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
