// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// Bounds on what is read and reported.
const (
	MaxSize     = 4 << 20 // bytes of a file; one with two certificates and a key has 8 kB
	maxItems    = 10000   // items and blocks
	maxShown    = 40      // bytes of the file that a message repeats
	maxWarnings = 30      // of one file
	maxText     = 255     // bytes of the name of a user or a hub, characters of that of an account
)

const utf8Mark = "\ufeff"

// Read reads a .vpn file: it accepts what the official client's AccountImport accepts and understands it in
// the same way, refuses what that refuses, and reports in the warnings, by the names of the items, where the
// person who wrote it may have meant something else. Where an item is missing, the account has what a new one
// has.
//
// A text that is not a .vpn file at all is reported with [ErrForeign]; any other error is a *[SyntaxError].
func Read(text []byte) (*Account, []profile.Warning, error) {
	if len(text) > MaxSize {
		return nil, nil, po.Errorf("%w: it has %d bytes, and at most %d are read", ErrForeign, len(text), MaxSize)
	}
	c, err := parse(text)
	if err != nil {
		return nil, nil, &SyntaxError{Text: err.Error()}
	}
	root, roots := c.top.blocks.find(blockRoot)
	if roots == 0 {
		return nil, nil, rootless(text)
	}
	r := reader{account: newAccount(), blocks: map[string]*block{blockRoot: root.block}}
	if roots > 1 {
		r.twice(root, roots)
	}
	for _, name := range []string{blockOption, blockAuth} {
		found, times := root.block.blocks.find(name)
		if times == 0 {
			return nil, nil, incomplete(root.block, name)
		}
		if times > 1 {
			r.twice(found, times)
		}
		r.blocks[name] = found.block
	}
	for _, it := range r.account.items() {
		r.item(it)
	}
	if h := &r.account.HashedPassword; len(*h) > 0 {
		*h = append(make([]byte, 0, hashSize), *h...)[:hashSize] // shorter ones end in zeros
	}
	r.unknown()
	r.remnants(c)
	return r.account, r.said(), nil
}

// A reader fills an account from the blocks of a file.
type reader struct {
	account  *Account
	blocks   map[string]*block
	warnings []profile.Warning
	left     int // warnings beyond maxWarnings
}

func (r *reader) warn(item, text string) {
	if len(r.warnings) == maxWarnings {
		r.left++
		return
	}
	r.warnings = append(r.warnings, profile.Warning{Key: item, Text: text})
}

func (r *reader) said() []profile.Warning {
	if r.left > 0 {
		return append(r.warnings, profile.Warning{Key: "...", Text: po.N("and %d more remark like these", "and %d more remarks like these", r.left, r.left)})
	}
	return r.warnings
}

func (r *reader) twice(e entry, times int) {
	r.warn(shown(e.name), po.F("appears %d times; as in the official client, line %d applies", times, e.line))
}

// item reads the value of one item, if the file has it.
func (r *reader) item(it item) {
	e, times := r.blocks[it.block].items.find(it.name)
	if times == 0 {
		return
	}
	if times > 1 {
		r.twice(e, times)
	}
	if want := kindOf(it.value); e.kind != want {
		r.warn(it.name, po.F("line %d: ignored, as its type is %s instead of %s", e.line, e.kind, want))
		return
	}
	if e.rest {
		r.warn(it.name, po.F("line %d: everything after the first space in the value is ignored; a space is written as $20", e.line))
	}
	if plain := assign(it.value, e.value); !plain {
		if it.value == &r.account.AccountName {
			r.account.AccountName = legible(unescape(e.value))
			r.warn(it.name, po.F("line %d: the text is not UTF-8, so some of its characters are lost", e.line))
			return
		}
		r.warn(it.name, po.F("line %d: %s", e.line, oddity(it.value)))
	}
}

// legible makes a name of a text in another encoding: any will do. For the official client there is none if
// the first character, whose length its first byte tells, is not complete (GetUtf8Type in
// Mayaqua/Internat.c).
func legible(s string) string {
	if c := s[0]; c >= 0x80 && (c&0x20 == 0 && len(s) < 2 || c&0x20 != 0 && len(s) < 3) {
		return ""
	}
	return strings.ToValidUTF8(s, "?")
}

// oddity describes how a value was read that no program would have written.
func oddity(field any) string {
	switch v := field.(type) {
	case *bool:
		return po.F("neither true nor false; as in the official client, it means %t", *v)
	case *uint32:
		return po.F("not a plain number below 2^32; as in the official client, it means %d", *v)
	case *uint64:
		return po.F("not a plain number below 2^64; as in the official client, it means %d", *v)
	case *string:
		return po.T("the text is not UTF-8 and is ignored; save the file as UTF-8")
	}
	return po.T("not valid base64; the data may be damaged")
}

// unknown reports the items that nothing has asked for.
func (r *reader) unknown() {
	known := map[string]bool{"clientoption.notls1": true} // version 4 wrote it; what it asks for goes without saying now
	for _, it := range r.account.items() {
		known[lowerASCII(it.block+"."+it.name)] = true
	}
	for _, name := range []string{blockRoot, blockAuth, blockOption} {
		for _, e := range r.blocks[name].items {
			if !known[lowerASCII(name+"."+e.name)] {
				r.warn(shown(e.name), po.F("line %d: unknown item, ignored", e.line))
			}
		}
	}
}

// remnants reports what did not become an item, although somebody may have meant one.
func (r *reader) remnants(c *cfg) {
	for _, e := range c.bare {
		if e.kind != kindString && e.kind != kindByte { // for these, no value is the same as an empty one
			r.warn(shown(e.name), po.F("line %d: there is no value", e.line))
		}
	}
	for _, line := range c.lost {
		r.warn(po.F("line %d", line), po.T("not understood, ignored"))
	}
	if len(c.open) > 0 {
		r.warn(shown(c.open[len(c.open)-1]), po.T("the file ends within this block; something may be missing"))
	}
}

// assign stores a value in the field that to points to. plain is false if a person may have meant something
// else.
func assign(to any, word string) (plain bool) {
	switch to := to.(type) {
	case *bool:
		*to, plain = truth(word)
	case *uint32:
		*to, plain = number(word)
	case *uint64:
		*to, plain = long(word)
	case *string:
		if *to = unescape(word); !utf8.ValidString(*to) {
			*to = ""
			return false
		}
		return true
	case *[]byte:
		*to, plain = decode64(unescape(word))
	}
	return plain
}

func kindOf(field any) string {
	switch field.(type) {
	case *bool:
		return kindBool
	case *uint32:
		return kindUint
	case *uint64:
		return kindUint64
	case *string:
		return kindString
	case *[]byte:
		return kindByte
	}
	panic(fmt.Sprintf("vpnfile: no type for %T", field))
}

// word formats the value of a field.
func word(field any) string {
	switch v := field.(type) {
	case *bool:
		return fmt.Sprint(*v)
	case *uint32:
		return fmt.Sprint(*v)
	case *uint64:
		return fmt.Sprint(*v)
	case *string:
		return escape(*v)
	case *[]byte:
		return escape(base64.StdEncoding.EncodeToString(*v))
	}
	panic(fmt.Sprintf("vpnfile: no type for %T", field))
}

// shown makes a piece of the file fit for a message.
func shown(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown] + "..."
	}
	s = strings.ToValidUTF8(s, "?")
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` {
		return quoted
	}
	return s
}
