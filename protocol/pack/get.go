// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/binary"
	"net/netip"
)

// Int returns the first value of the INT name, or 0.
func (p *Pack) Int(name string) uint32 {
	if e := p.find(name, kindInt); e != nil {
		return uint32(e.ints[0])
	}
	return 0
}

// Ints returns all values of the INT name, or nil.
func (p *Pack) Ints(name string) []uint32 {
	e := p.find(name, kindInt)
	if e == nil {
		return nil
	}
	v := make([]uint32, len(e.ints))
	for i := range e.ints {
		v[i] = uint32(e.ints[i])
	}
	return v
}

// Int64 returns the first value of the INT64 name, or 0.
func (p *Pack) Int64(name string) uint64 {
	if e := p.find(name, kindInt64); e != nil {
		return e.ints[0]
	}
	return 0
}

// Bool reports whether the INT name is present and not 0.
func (p *Pack) Bool(name string) bool { return p.Int(name) != 0 }

// Data returns the first value of the DATA name, or nil. It is not a copy.
func (p *Pack) Data(name string) []byte {
	if e := p.find(name, kindData); e != nil {
		return e.blobs[0]
	}
	return nil
}

// Str returns the first value of the STR name, or "". A value from a peer need not be UTF-8, and may contain
// control characters.
func (p *Pack) Str(name string) string { return p.text(name, kindStr) }

// UniStr returns the first value of the UNISTR name, or "", as [Pack.Str] does.
func (p *Pack) UniStr(name string) string { return p.text(name, kindUniStr) }

func (p *Pack) text(name string, k kind) string {
	if e := p.find(name, k); e != nil {
		return string(e.blobs[0])
	}
	return ""
}

// Strs returns all values of the STR name, or nil.
func (p *Pack) Strs(name string) []string {
	e := p.find(name, kindStr)
	if e == nil {
		return nil
	}
	v := make([]string, len(e.blobs))
	for i := range e.blobs {
		v[i] = string(e.blobs[i])
	}
	return v
}

// IP returns the address name in the form any server version writes it, without its zone, and whether it is
// present.
func (p *Pack) IP(name string) (netip.Addr, bool) {
	if p.Bool(name + suffixBool) {
		a, ok := netip.AddrFromSlice(p.Data(name + suffixArray))
		return a, ok && a.Is6()
	}
	if p.find(name, kindInt) == nil {
		return netip.Addr{}, false
	}
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], p.Int(name))
	return netip.AddrFrom4(b), true
}
