// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Commands are shown to people, who paste them into a terminal, perhaps as root. Names are anybody's text: a
// .vpn file brings that of its connection and of its user along.

// maxShellName is how many characters of a name a command has room for.
const maxShellName = 100

// nmcliWords are what nmcli takes for something else where the name of a connection may stand.
var nmcliWords = []string{"", "id", "uuid", "path", "apath", "filename", "ifname", "passwd-file", "help"}

// ShellName returns what stands for a connection in a command: its name or, where a shell or nmcli would see
// something else in it, its UUID; in double quotes.
func ShellName(id, uuid string) string {
	strange := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune("\"\\$`!", r) }
	if uuid != "" && (!utf8.ValidString(id) || strings.ContainsFunc(id, strange) || strings.HasPrefix(id, "-") ||
		utf8.RuneCountInString(id) > maxShellName || slices.Contains(nmcliWords, id)) {
		id = uuid
	}
	return `"` + id + `"`
}

// ShellName returns what stands for the profile in a command.
func (p *Profile) ShellName() string { return ShellName(p.ID, p.UUID) }

// ShellWord returns a text as a single word of a command.
func ShellWord(s string) string {
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("%+,-./:=@_", r)
	}
	if s != "" && !strings.ContainsFunc(s, special) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
