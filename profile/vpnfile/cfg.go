// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"bytes"
	"slices"
	"strings"

	"network-manager-softether/po"
)

// A block is what is between "declare NAME {" and "}".
type block struct {
	blocks list
	items  list
}

// An entry is a block or an item with its name.
type entry struct {
	name  string
	line  int // counted from 1
	block *block
	kind  string // of an item, in lower case: "uint"
	value string // as it is in the file
	rest  bool   // whether words other than a remark follow the value
}

// The kinds of items.
const (
	kindBool   = "bool"
	kindUint   = "uint"
	kindUint64 = "uint64"
	kindString = "string"
	kindByte   = "byte"
)

// A cfg is a file in the format of Mayaqua/Cfg.c, read the way that reads it: line by line, word by word,
// ignoring opening braces, what follows the third word, and unknown lines.
type cfg struct {
	top   block
	open  []string // names of the blocks that are still open at the end of the file
	lost  []int    // lines in root that mean nothing to the official client
	bare  []entry  // items that have no value, and so do not count
	count int
}

func parse(text []byte) (*cfg, error) {
	c := new(cfg)
	blocks := []*block{&c.top}
	var line []byte
	for n := 1; len(text) > 0; n++ {
		line, text = nextLine(text)
		words := splitWords(line)
		if len(words) == 0 {
			continue
		}
		inner := blocks[len(blocks)-1]
		switch kind := lowerASCII(words[0]); {
		case kind == "declare" && len(words) >= 2:
			if c.count++; c.count > maxItems {
				return nil, po.Errorf("more than %d items", maxItems)
			}
			name, b := unescape(words[1]), new(block)
			inner.blocks.insert(entry{name: name, line: n, block: b})
			blocks, c.open = append(blocks, b), append(c.open, name)
		case kind == "}":
			if len(c.open) == 0 {
				return c, nil // the official client reads no further
			}
			blocks, c.open = blocks[:len(blocks)-1], c.open[:len(c.open)-1]
		case isKind(kind) && len(words) >= 3:
			if c.count++; c.count > maxItems {
				return nil, po.Errorf("more than %d items", maxItems)
			}
			inner.items.insert(entry{
				name: unescape(words[1]), line: n, kind: kind, value: words[2],
				rest: len(words) > 3 && words[3][0] != '#',
			})
		case isKind(kind) && len(words) == 2:
			c.bare = append(c.bare, entry{name: unescape(words[1]), line: n, kind: kind})
		case kind != "{" && kind[0] != '#' && len(c.open) > 0:
			c.lost = append(c.lost, n)
		}
	}
	return c, nil
}

func isKind(word string) bool {
	switch word {
	case kindBool, kindUint, kindUint64, kindString, kindByte:
		return true
	}
	return false
}

// nextLine cuts the first line off. Whatever follows a CR is taken for its LF (CfgReadNextLine), so the lines
// of an old Macintosh lose a character each: usually their tab.
func nextLine(text []byte) (line, rest []byte) {
	i := bytes.IndexAny(text, "\r\n")
	if i < 0 {
		return text, nil
	}
	end := i + 1
	if text[i] == '\r' {
		end = min(end+1, len(text))
	}
	return text[:i], text[end:]
}

// splitWords splits a line into words. It ends at a NUL, as strings do in C.
func splitWords(line []byte) []string {
	if i := bytes.IndexByte(line, 0); i >= 0 {
		line = line[:i]
	}
	return strings.FieldsFunc(string(line), func(r rune) bool { return r == ' ' || r == '\t' })
}

// A list is sorted by name. A name may occur more than once; which entry counts depends on how the official
// client inserts and finds (Insert and Search in Mayaqua/Memory.c), which insert and find imitate.
type list []entry

func (l *list) insert(e entry) {
	low, high := 0, len(*l)-1
	for low <= high {
		middle := (low + high) / 2
		c := compareNames((*l)[middle].name, e.name)
		if c == 0 {
			low = middle
			break
		}
		if c > 0 {
			high = middle - 1
		} else {
			low = middle + 1
		}
	}
	*l = slices.Insert(*l, low, e)
}

// find returns the entry that counts, and how many have that name.
func (l list) find(name string) (found entry, times int) {
	low, high := 0, len(l)
	for low < high {
		middle := (low + high) / 2
		c := compareNames(name, l[middle].name)
		if c == 0 {
			for _, e := range l {
				if compareNames(name, e.name) == 0 {
					times++
				}
			}
			return l[middle], times
		}
		if c < 0 {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return entry{}, 0
}

// compareNames orders names as StrCmpi of Mayaqua/Str.c does: ASCII case is ignored, and bytes are signed.
func compareNames(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := int8(upper(a[i])), int8(upper(b[i])); x != y {
			return int(x) - int(y)
		}
	}
	// The NUL at the end of the shorter one is compared as well.
	switch {
	case len(a) > len(b):
		return int(int8(upper(a[len(b)])))
	case len(a) < len(b):
		return -int(int8(upper(b[len(a)])))
	}
	return 0
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}
