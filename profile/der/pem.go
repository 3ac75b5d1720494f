// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"unicode/utf16"
)

const utf8Mark = "\ufeff"

// PEMText returns text in the form that encoding/pem reads: without the byte order marks that editors on
// Windows put before the first line, and that end up between the blocks when files are joined, and as bytes
// if it is UTF-16. What is not PEM text is returned unchanged.
func PEMText(text []byte) []byte {
	if len(text) >= 2 && (text[0] == 0xff && text[1] == 0xfe || text[0] == 0xfe && text[1] == 0xff) {
		high := 1
		if text[0] == 0xfe {
			high = 0
		}
		units := make([]uint16, len(text)/2)
		for i := range units {
			units[i] = uint16(text[2*i+high])<<8 | uint16(text[2*i+1-high])
		}
		if wide := []byte(string(utf16.Decode(units))); isPEM(wide) {
			text = wide
		}
	}
	if !isPEM(text) {
		return text
	}
	bare := make([]byte, 0, len(text))
	for _, b := range text { // the rest may begin with a mark again
		bare = bytes.TrimSuffix(append(bare, b), []byte(utf8Mark))
	}
	return bare
}

func isPEM(text []byte) bool { return bytes.Contains(text, []byte("-----BEGIN ")) }
