// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds on what [Parse] accepts and [Pack.Marshal] makes. A real login has about 100 elements in 4 KiB; the
// original allows 512 MiB.
const (
	// MaxSize is the length of a whole Pack in bytes.
	MaxSize = 1 << 20
	// MaxElements is the number of elements in a Pack.
	MaxElements = 2048
	// MaxValues is the number of values in one element.
	MaxValues = 16384
	// MaxName is the length of a name in bytes (Mayaqua, MAX_ELEMENT_NAME_LEN).
	MaxName = 63
)

// kind is the type of an element, as on the wire.
type kind uint32

const (
	kindInt    kind = 0
	kindData   kind = 1
	kindStr    kind = 2
	kindUniStr kind = 3
	kindInt64  kind = 4
)

// A Pack is an ordered list of elements: a name, and one or more values of one type. Names that differ only
// in the case of ASCII letters are the same. The zero value is an empty Pack.
type Pack struct {
	elements []element
	index    map[string]int // folded name to place in elements
	err      error          // first mistake in building
}

// element holds its values in ints (kindInt, kindInt64) or in blobs (the others).
type element struct {
	name  string
	kind  kind
	ints  []uint64
	blobs [][]byte
}

func (e *element) values() int { return len(e.ints) + len(e.blobs) }

// fold returns name with its ASCII letters in lower case.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// checkName returns what is wrong with name. The original uses nothing but printable ASCII in names, and
// would cut them at a NUL.
func checkName(name string) error {
	if len(name) == 0 || len(name) > MaxName {
		return fmt.Errorf("%w: it has %d bytes, allowed are 1 to %d", ErrName, len(name), MaxName)
	}
	for i := range len(name) {
		if name[i] < ' ' || name[i] > '~' {
			return fmt.Errorf("%w: byte %#x", ErrName, name[i])
		}
	}
	return nil
}

// insert puts e at the end of p.
func (p *Pack) insert(e element) error {
	if err := checkName(e.name); err != nil {
		return err
	}
	if len(p.elements) == MaxElements {
		return fmt.Errorf("%w: more than %d elements", ErrTooLarge, MaxElements)
	}
	if n := e.values(); n == 0 {
		return ErrNoValue
	} else if n > MaxValues {
		return fmt.Errorf("%w: %d values, allowed are %d", ErrTooLarge, n, MaxValues)
	}
	key := fold(e.name)
	if _, ok := p.index[key]; ok {
		return ErrDuplicate
	}
	if p.index == nil {
		p.index = make(map[string]int)
	}
	p.index[key] = len(p.elements)
	p.elements = append(p.elements, e)
	return nil
}

// find returns the element of that name and kind, or nil.
func (p *Pack) find(name string, k kind) *element {
	i, ok := p.index[fold(name)]
	if !ok || p.elements[i].kind != k {
		return nil
	}
	return &p.elements[i]
}

// Has reports whether p has an element of that name, whatever its type.
func (p *Pack) Has(name string) bool {
	_, ok := p.index[fold(name)]
	return ok
}

// Names returns the names in p in order.
func (p *Pack) Names() []string {
	names := make([]string, len(p.elements))
	for i := range p.elements {
		names[i] = p.elements[i].name
	}
	return names
}

// Del removes the element of that name, if there is one.
func (p *Pack) Del(name string) {
	at, ok := p.index[fold(name)]
	if !ok {
		return
	}
	p.elements = slices.Delete(p.elements, at, at+1)
	delete(p.index, fold(name))
	for key, i := range p.index {
		if i > at {
			p.index[key] = i - 1
		}
	}
}
