// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"network-manager-softether/po"
)

// Bounds on what is read.
const (
	MaxSize  = 1 << 20 // bytes of a file; one with two certificates and a key has 8 kB
	maxItems = 1000    // lines with an item or a block
	maxDepth = 8       // blocks in blocks; the format has two
	maxShown = 40      // bytes of the file that a message repeats
)

const utf8Mark = "\ufeff"

// Read reads a .vpn file. Files that are none are told apart by their first line, with [ErrForeign]; any other error is
// a *[SyntaxError]. Read takes what people make of such files by hand: any order, any case, other line ends, blanks for
// tabs, missing and (returned in unknown, as "block.name") unknown items. It is stricter than the official client, which
// takes what it can make sense of from a damaged file and leaves out the rest.
func Read(text []byte) (a *Account, unknown []string, err error) {
	if len(text) > MaxSize {
		return nil, nil, po.Errorf("%w: it has %d bytes, and at most %d are read", ErrForeign, len(text), MaxSize)
	}
	text = bytes.TrimPrefix(text, []byte(utf8Mark))
	if err := foreign(text); err != nil {
		return nil, nil, err
	}
	r := reader{account: newAccount(), seen: map[string]int{}}
	r.items = r.account.items()
	for line := range bytes.Lines(text) {
		r.line++
		if err := r.take(string(line)); err != nil {
			return nil, nil, &SyntaxError{Line: r.line, Text: err.Error()}
		}
	}
	if err := r.finish(); err != nil {
		return nil, nil, &SyntaxError{Text: err.Error()}
	}
	return r.account, r.unknown, nil
}

// foreign looks at the first line that is not empty and not a comment.
func foreign(text []byte) error {
	if bytes.HasPrefix(text, []byte("SEVPN_DB")) {
		return po.Errorf("%w: this is a configuration of the official program in binary form; export the connection from it", ErrForeign)
	}
	for line := range bytes.Lines(text) {
		words := bytes.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		if len(words) == 2 && bytes.EqualFold(words[0], []byte("declare")) && bytes.EqualFold(words[1], []byte(blockRoot)) {
			return nil
		}
		break
	}
	return po.Errorf("%w: such a file begins with \"declare root\"", ErrForeign)
}

// A reader reads line by line.
type reader struct {
	account *Account
	items   []item // of the account
	line    int
	count   int
	blocks  []string // those that are open, root first
	begun   bool     // a block was declared and its brace has not come yet
	seen    map[string]int
	unknown []string
}

func (r *reader) take(line string) error {
	if !utf8.ValidString(line) {
		return po.Error("the text is not UTF-8; save the file as UTF-8")
	}
	words := strings.Fields(line)
	switch {
	case strings.Contains(line, "\x00"):
		return po.Error("there is a NUL byte")
	case len(words) == 0, strings.HasPrefix(words[0], "#"):
		return nil
	case r.begun != (words[0] == "{"):
		if r.begun {
			return po.Error("an opening brace must follow declare")
		}
		return po.Error("an opening brace without declare")
	case words[0] == "{":
		r.begun = false
		return alone(words)
	case words[0] == "}":
		if len(r.blocks) == 0 {
			return po.Error("a closing brace too many")
		}
		r.blocks = r.blocks[:len(r.blocks)-1]
		return alone(words)
	}
	if r.count++; r.count > maxItems {
		return po.Errorf("more than %d items", maxItems)
	}
	if strings.EqualFold(words[0], "declare") {
		return r.declare(words)
	}
	return r.item(words)
}

func alone(words []string) error {
	if len(words) > 1 {
		return po.Error("a brace must stand alone in its line")
	}
	return nil
}

func (r *reader) declare(words []string) error {
	if len(words) != 2 {
		return po.Error("declare takes one name")
	}
	name, err := unescape(words[1])
	if err != nil {
		return err
	}
	if len(r.blocks) == maxDepth {
		return po.Error("blocks are nested too deep")
	}
	if len(r.blocks) == 0 && (!strings.EqualFold(name, blockRoot) || r.seen[blockRoot] != 0) {
		return po.Error("a file has one block root and all others within")
	}
	r.begun = true
	r.blocks = append(r.blocks, name)
	return r.once(strings.ToLower(strings.Join(r.blocks, ".")), name)
}

// once makes sure that nothing is said twice. As path is in lower case, so is what counts as the same.
func (r *reader) once(path, name string) error {
	if first := r.seen[path]; first != 0 {
		return po.Errorf("%s is there already, in line %d", shown(name), first)
	}
	r.seen[path] = r.line
	return nil
}

func (r *reader) item(words []string) error {
	if len(r.blocks) == 0 {
		return po.Error("an item outside of root")
	}
	if len(words) != 3 {
		return po.Error("an item has a type, a name and a value; a blank in a value is written $20, no value $")
	}
	name, err := unescape(words[1])
	if err != nil {
		return err
	}
	if err := r.once(strings.ToLower(strings.Join(r.blocks, ".")+"."+name), name); err != nil {
		return err
	}
	kind, value := strings.ToLower(words[0]), words[2]
	for _, it := range r.items {
		if strings.EqualFold(it.name, name) && r.within(it.block) {
			if err := assign(it.value, kind, value); err != nil {
				return fmt.Errorf("%s: %w", it.name, err)
			}
			return nil
		}
	}
	var probe any
	switch kind { // even an item that nobody knows must be one
	case "bool":
		probe = new(bool)
	case "uint":
		probe = new(uint32)
	case "uint64":
		probe = new(uint64)
	case "string":
		probe = new(string)
	case "byte":
		probe = new([]byte)
	default:
		return po.Errorf("there is no type %s", shown(words[0]))
	}
	if err := assign(probe, kind, value); err != nil {
		return fmt.Errorf("%s: %w", shown(name), err)
	}
	r.unknown = append(r.unknown, strings.Join(r.blocks[1:], ".")+"."+name)
	return nil
}

// within reports whether the open block is the one of that name.
func (r *reader) within(block string) bool {
	if block == blockRoot {
		return len(r.blocks) == 1
	}
	return len(r.blocks) == 2 && strings.EqualFold(r.blocks[1], block)
}

// assign stores a value of that type in the field that to points to.
func assign(to any, kind, value string) error {
	want := kindOf(to)
	if kind != want {
		return po.Errorf("the type is %s, not %s", want, shown(kind))
	}
	value, err := unescape(value)
	if err != nil {
		return err
	}
	switch to := to.(type) {
	case *bool:
		switch {
		case strings.EqualFold(value, "true"), value == "1":
			*to = true
		case strings.EqualFold(value, "false"), value == "0":
			*to = false
		default:
			return po.Error("true or false is allowed")
		}
	case *uint32:
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return po.Error("a number below 2^32 is allowed")
		}
		*to = uint32(n)
	case *uint64:
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return po.Error("a number below 2^64 is allowed")
		}
		*to = n
	case *string:
		if !utf8.ValidString(value) || strings.Contains(value, "\x00") {
			return po.Error("the text is not UTF-8")
		}
		*to = value
	case *[]byte:
		b, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return po.Error("the data is not in base64")
		}
		*to = b
	}
	return nil
}

func kindOf(field any) string {
	switch field.(type) {
	case *bool:
		return "bool"
	case *uint32:
		return "uint"
	case *uint64:
		return "uint64"
	case *string:
		return "string"
	case *[]byte:
		return "byte"
	}
	panic(fmt.Sprintf("vpnfile: no type for %T", field))
}

// finish checks what only the end of the file shows.
func (r *reader) finish() error {
	if len(r.blocks) > 0 {
		return po.Errorf("it ends within %s; the rest is missing", shown(r.blocks[len(r.blocks)-1]))
	}
	for _, block := range []string{blockOption, blockAuth} {
		if r.seen[strings.ToLower(blockRoot+"."+block)] == 0 {
			if r.seen["root.accountdatabase"] != 0 {
				return po.Error("this is the configuration of an official client with all its connections; export the one you want from it")
			}
			return po.Errorf("there is no %s", block)
		}
	}
	return nil
}

// shown makes a piece of the file fit for a message.
func shown(s string) string {
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return strconv.Quote(s)
}
