// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"bytes"
	"unicode/utf16"

	"network-manager-softether/po"
)

// rootless returns why a text has no block root.
func rootless(text []byte) error {
	const begin = "declare root"
	damaged := func(why string) error { return &SyntaxError{Text: why} }
	lower := bytes.ToLower(text)
	switch {
	case bytes.HasPrefix(text, []byte("SEVPN_DB")):
		return po.Errorf("%w: this is a configuration of the official program in binary form; export the connection from it", ErrForeign)
	case bytes.Contains(wide(text, 1), []byte(begin)), bytes.Contains(wide(text, 0), []byte(begin)):
		return damaged(po.T("the text is UTF-16, which the official client does not read either; save the file as UTF-8"))
	case bytes.HasPrefix(lower, []byte(utf8Mark+"declare")):
		return damaged(po.T("a byte order mark hides the first line from the official client too; save the file as UTF-8 without one, or put a line with a remark (#) first"))
	case !bytes.Contains(text, []byte("\n")) && bytes.Contains(lower, []byte("\rdeclare")):
		return damaged(po.T("its lines end as on an old Macintosh, which the official client does not read either; save the file with line ends of Windows or Unix"))
	case hasLine(lower, "declare", "root"):
		return damaged(po.T("a closing brace before \"declare root\" ends the file early"))
	}
	return po.Errorf("%w: such a file begins with \"declare root\"", ErrForeign)
}

// incomplete returns what it means that root lacks a block.
func incomplete(root *block, name string) error {
	if _, times := root.blocks.find("AccountDatabase"); times > 0 {
		return &SyntaxError{Text: po.T("this is the configuration of an official client with all its connections; export the one you want from it")}
	}
	return &SyntaxError{Text: po.F("there is no %s", name)}
}

// wide reads the beginning of a text as UTF-16, in lower case; high is 0 or 1, the position of the high byte
// in each pair.
func wide(text []byte, high int) []byte {
	text = text[:min(len(text), 1<<16)]
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = uint16(text[2*i+high])<<8 | uint16(text[2*i+1-high])
	}
	return bytes.ToLower([]byte(string(utf16.Decode(units))))
}

// hasLine reports whether a line begins with these words.
func hasLine(text []byte, words ...string) bool {
	for line := range bytes.Lines(text) {
		fields := splitWords(bytes.TrimRight(line, "\r\n"))
		if len(fields) < len(words) {
			continue
		}
		all := true
		for i, w := range words {
			all = all && fields[i] == w
		}
		if all {
			return true
		}
	}
	return false
}
