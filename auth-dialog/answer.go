// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// noSecret is what an answer without any secret contains, as agents take an empty one for a failure
// (networkmanager.md 5.4).
const noSecret = "no-secret"

// writeExternal writes the key file of --external-ui-mode (networkmanager.md 5.5): all
// keys in every group, since GNOME Shell insists on them.
func writeExternal(w io.Writer, q question) error {
	var b strings.Builder
	group := func(name string, lines ...string) {
		b.WriteString("[" + name + "]\n")
		for i := 0; i < len(lines); i += 2 {
			b.WriteString(lines[i] + "=" + escape(lines[i+1]) + "\n")
		}
		b.WriteByte('\n')
	}
	group("VPN Plugin UI", "Version", "2", "Title", q.title, "Description", q.description)
	if len(q.fields) == 0 {
		q.fields = []field{{key: noSecret, value: "true"}}
	}
	for _, f := range q.fields {
		// Every field is a secret: nm-applet and nmcli drop the ones that are not.
		group(f.key, "Value", f.value, "Label", f.label, "IsSecret", "true",
			"ShouldAsk", strconv.FormatBool(f.ask), "ForceEcho", strconv.FormatBool(f.echo))
	}
	_, err := io.WriteString(w, strings.TrimSuffix(b.String(), "\n"))
	return err
}

// escape writes a value as GKeyFile does, and also escapes trailing blanks, which a careless parser might drop.
func escape(s string) string {
	if !utf8.ValidString(s) { // the whole file would be unreadable
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	lead := len(s) - len(strings.TrimLeft(s, " "))
	tail := len(strings.TrimRight(s, " "))
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' && (i < lead || i >= tail):
			b.WriteString(`\s`)
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// writePlain writes the answer of the normal mode: key and value on a line each, then two empty lines
// (networkmanager.md 5.4). A value with a newline cannot be expressed and is left out.
func writePlain(w io.Writer, q question) error {
	var b strings.Builder
	for _, f := range q.fields {
		if f.value != "" && !strings.ContainsAny(f.value, "\n\x00") {
			b.WriteString(f.key + "\n" + f.value + "\n")
		}
	}
	if len(q.fields) == 0 {
		b.WriteString(noSecret + "\ntrue\n")
	}
	_, err := io.WriteString(w, b.String()+"\n\n")
	return err
}
