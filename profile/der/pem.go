// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"unicode/utf16"
)

const (
	utf8Mark = "\ufeff"
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// PEMText returns text in the form that encoding/pem reads, whatever editors, shells, mail programs and forms
// of one line have made of it: with byte order marks before and between the blocks, as UTF-16, indented, with
// other line ends or none, or with files joined where the first did not end its last line. What is not PEM
// text is returned unchanged.
func PEMText(given []byte) []byte {
	text := given
	for high := 1; high >= 0 && !isPEM(text); high-- {
		if wide := fromUTF16(text, high); isPEM(wide) {
			text = wide
		}
	}
	if !isPEM(text) {
		return given
	}
	if tidy := tidied(text); isPEM(tidy) {
		return tidy
	}
	return given // one boundary took the dashes of another
}

func isPEM(text []byte) bool { return bytes.Contains(text, []byte(pemBegin)) }

// fromUTF16 reads text whose character's high byte is the first (0) or the second (1).
func fromUTF16(text []byte, high int) []byte {
	if pattern := []byte("-\x00-\x00-"); !bytes.Contains(text, pattern) {
		return nil
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = uint16(text[2*i+high])<<8 | uint16(text[2*i+1-high])
	}
	return []byte(string(utf16.Decode(units)))
}

// tidied makes one pass, as the text may be a private key, of which there should be few copies.
func tidied(text []byte) []byte {
	t := tidying{out: make([]byte, 0, len(text)+64)}
	escaped := !bytes.ContainsAny(text, "\r\n") // \n in two characters, as in JSON
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\r':
			end := i
			for end < len(text) && text[end] == '\r' {
				end++
			}
			if end < len(text) && text[end] == '\n' {
				i = end
			}
			t.newline()
		case c == '\n' || c == 0 || c == 0x1a: // which end a text in C and in DOS
			t.newline()
		case escaped && c == '\\' && i+1 < len(text) && (text[i+1] == 'n' || text[i+1] == 'r'):
			i++
			t.newline()
		default:
			t.add(c)
		}
	}
	return t.out
}

type tidying struct {
	out    []byte
	line   int  // where the last line of out begins
	broken bool // a line was ended behind a boundary: what the text has there itself does not count
	open   bool // between the two boundaries of a block
}

func (t *tidying) newline() {
	if !t.broken {
		t.end()
	}
	t.broken = false
}

func (t *tidying) end() {
	t.out = append(t.out, '\n')
	t.line = len(t.out)
}

// add adds one byte of a line, which loses its indentation. A boundary gets a line of its own.
func (t *tidying) add(c byte) {
	if (c == ' ' || c == '\t') && len(t.out) == t.line {
		return
	}
	t.broken = false
	t.out = bytes.TrimSuffix(append(t.out, c), []byte(utf8Mark)) // what is left may end in a mark again
	line := t.out[t.line:]
	switch {
	case c == ' ' && t.open && len(line) > len(pemEnd) && bytes.HasSuffix(line, []byte(pemEnd)):
		t.out = t.out[:len(t.out)-len(pemEnd)]
		t.end()
		t.out = append(t.out, pemEnd...)
	case c == '-' && bytes.HasSuffix(line, []byte(pemDash)):
		begin := bytes.HasPrefix(line, []byte(pemBegin)) && len(line) >= len(pemBegin)+len(pemDash)
		end := bytes.HasPrefix(line, []byte(pemEnd)) && len(line) >= len(pemEnd)+len(pemDash)
		if begin || end {
			t.end()
			t.open, t.broken = begin, true
		}
	}
}
