// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
)

// The Add methods append an element. A mistake in calling them (a name that is taken, empty or too long, or
// no value) is remembered and returned by [Pack.Marshal].

// AddInt adds an element of type INT.
func (p *Pack) AddInt(name string, v ...uint32) {
	ints := make([]uint64, len(v))
	for i := range v {
		ints[i] = uint64(v[i])
	}
	p.add(element{name: name, kind: kindInt, ints: ints})
}

// AddInt64 adds an element of type INT64.
func (p *Pack) AddInt64(name string, v ...uint64) {
	p.add(element{name: name, kind: kindInt64, ints: append([]uint64(nil), v...)})
}

// AddData adds an element of type DATA. The values are copied.
func (p *Pack) AddData(name string, v ...[]byte) {
	blobs := make([][]byte, len(v))
	for i := range v {
		blobs[i] = bytes.Clone(v[i])
	}
	p.add(element{name: name, kind: kindData, blobs: blobs})
}

// AddStr adds an element of type STR. Blanks and tabs around a value do not survive, nor does anything after
// a NUL.
func (p *Pack) AddStr(name string, v ...string) {
	p.add(element{name: name, kind: kindStr, blobs: texts(v)})
}

// AddUniStr adds an element of type UNISTR, under the same rules as [Pack.AddStr].
func (p *Pack) AddUniStr(name string, v ...string) {
	p.add(element{name: name, kind: kindUniStr, blobs: texts(v)})
}

// AddBool adds an INT of 0 or 1.
func (p *Pack) AddBool(name string, v bool) {
	n := uint32(0)
	if v {
		n = 1
	}
	p.AddInt(name, n)
}

// AddIP adds the four elements of an address (softether-protocol.md 4.1) in the way 5.01 does: no IPv4
// address in the array. A zone that is not a number is dropped.
func (p *Pack) AddIP(name string, a netip.Addr) {
	a = a.Unmap()
	var (
		v4, scope uint32
		array     [16]byte
	)
	switch {
	case a.Is4():
		b := a.As4()
		v4 = binary.LittleEndian.Uint32(b[:])
	case a.Is6():
		array = a.As16()
		if n, err := strconv.ParseUint(a.Zone(), 10, 32); err == nil {
			scope = uint32(n)
		}
	default:
		p.fail(name, errors.New("the address is not valid"))
		return
	}
	p.AddBool(name+suffixBool, a.Is6())
	p.AddData(name+suffixArray, array[:])
	p.AddInt(name+suffixScope, scope)
	p.AddInt(name, v4)
}

// The other elements of an address, besides the INT that has the plain name.
const (
	suffixBool  = "@ipv6_bool"
	suffixArray = "@ipv6_array"
	suffixScope = "@ipv6_scope_id"
)

func (p *Pack) add(e element) {
	if err := p.insert(e); err != nil {
		p.fail(e.name, err)
	}
}

func (p *Pack) fail(name string, err error) {
	if p.err == nil {
		p.err = &Error{Op: "build", Element: name, Offset: -1, Err: err}
	}
}

// texts returns the values v in their wire form.
func texts(v []string) [][]byte {
	blobs := make([][]byte, len(v))
	for i := range v {
		blobs[i] = trim([]byte(v[i]))
	}
	return blobs
}

// trim cuts b at its first NUL and then trims blanks and tabs at both ends, as the original does with every
// text that it adds or decodes.
func trim(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return bytes.Trim(b, " \t")
}
