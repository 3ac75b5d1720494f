// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
)

// option is one piece of an option.
func option(code uint8, value ...byte) []byte {
	return append([]byte{code, byte(len(value))}, value...)
}

// many returns n bytes, each of which tells its place.
func many(n int, first byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

func TestRejoin(t *testing.T) {
	full := many(255, 0)
	for name, tc := range map[string]struct {
		options     []byte // of the field for them
		file, sname []byte
		want        map[uint8][]byte // nil: refused
	}{
		"nothing":       {want: map[uint8][]byte{}},
		"one":           {options: option(6, 1, 2, 3, 4), want: map[uint8][]byte{6: {1, 2, 3, 4}}},
		"padding":       {options: slices.Concat([]byte{0, 0}, option(6, 1), []byte{0}, option(1, 2)), want: map[uint8][]byte{6: {1}, 1: {2}}},
		"behind an end": {options: slices.Concat(option(6, 1), []byte{255}, option(1, 2)), want: map[uint8][]byte{6: {1}}},
		"split":         {options: slices.Concat(option(121, full...), option(6, 1), option(121, 9)), want: map[uint8][]byte{121: append(bytes.Clone(full), 9), 6: {1}}},
		"both of Microsoft's, long": {
			options: slices.Concat(option(121, full...), option(250, 7, 8), option(249, full...), option(250, 9)),
			want:    map[uint8][]byte{121: append(bytes.Clone(full), 7, 8), 249: append(bytes.Clone(full), 9)},
		},
		"longer still":                {options: slices.Concat(option(121, full...), option(250, full...), option(250, 9)), want: map[uint8][]byte{121: slices.Concat(full, full, []byte{9})}},
		"cut between routes":          {options: slices.Concat(option(121, full[:252]...), option(250, 9)), want: map[uint8][]byte{121: append(bytes.Clone(full[:252]), 9)}},
		"full of another":             {options: slices.Concat(option(119, full...), option(250, 9)), want: map[uint8][]byte{119: append(bytes.Clone(full), 9)}},
		"somebody's own":              {options: slices.Concat(option(6, 1, 2, 3, 4), option(250, 9)), want: map[uint8][]byte{6: {1, 2, 3, 4}, 250: {9}}},
		"somebody's own first":        {options: option(250, 9), want: map[uint8][]byte{250: {9}}},
		"not right behind":            {options: slices.Concat(option(121, full...), option(6, 1), option(250, 9)), want: map[uint8][]byte{121: full, 6: {1}, 250: {9}}},
		"file":                        {options: option(52, 1), file: option(6, 1), sname: option(1, 2), want: map[uint8][]byte{6: {1}}},
		"server's name":               {options: option(52, 2), file: option(6, 1), sname: option(1, 2), want: map[uint8][]byte{1: {2}}},
		"file, then name":             {options: slices.Concat(option(6, 1), option(52, 3)), file: option(6, 2), sname: option(6, 3), want: map[uint8][]byte{6: {1, 2, 3}}},
		"goes on in file":             {options: slices.Concat(option(52, 1), option(121, full...)), file: option(250, 9), want: map[uint8][]byte{121: append(bytes.Clone(full), 9)}},
		"more overload within":        {options: option(52, 1), file: option(52, 2), sname: option(6, 1), want: map[uint8][]byte{}},
		"overload of two":             {options: option(52, 1, 2)},
		"overload of nothing":         {options: option(52), want: map[uint8][]byte{}},
		"ends in a code":              {options: []byte{6}},
		"ends in a value":             {options: []byte{6, 4, 1, 2, 3}},
		"file ends in a value":        {options: option(52, 1), file: append(bytes.Repeat([]byte{0}, 126), 6, 1)},
		"boot file is no option list": {options: option(6, 1), file: []byte("pxelinux.0"), want: map[uint8][]byte{6: {1}}},
	} {
		m := make([]byte, fixedLen, 2000)
		copy(m[236:], []byte{99, 130, 83, 99})
		m[2] = 6 // hardware address
		copy(m[fileOffset:], tc.file)
		copy(m[snameOffset:], tc.sname)
		m = append(m, tc.options...)
		before := bytes.Clone(m)
		out, ok := rejoin(m)
		if !bytes.Equal(m, before) {
			t.Errorf("%s: the message was changed", name)
		}
		if ok != (tc.want != nil) {
			t.Errorf("%s: taken: %v", name, ok)
			continue
		}
		if !ok {
			continue
		}
		got, err := dhcpv4.FromBytes(out)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(dhcpv4.Options(tc.want), got.Options); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	if _, ok := rejoin(make([]byte, fixedLen-1)); ok {
		t.Error("a short message is taken")
	}
}

// FuzzRejoin holds that whatever is taken is in one piece for the codec, no longer than it
// was, and that doing it again changes nothing.
func FuzzRejoin(f *testing.F) {
	head := wellFormed()[42 : 42+fixedLen]
	add := func(options ...[]byte) { f.Add(slices.Concat(slices.Concat(options...))) }
	add(option(121, many(255, 0)...), option(250, 1), option(249, many(255, 0)...), option(250, 1))
	add(option(52, 3), option(121, many(255, 0)...))
	add(option(121, 1), option(121, 2))
	f.Fuzz(func(t *testing.T, options []byte) {
		message := slices.Concat(head, options)
		copy(message[fileOffset:fileOffset+fileLen], options)
		copy(message[snameOffset:snameOffset+snameLen], options)
		out, ok := rejoin(message)
		if !ok {
			return
		}
		if limit := len(message) + fileLen + snameLen + 1; len(out) > limit {
			t.Errorf("%d bytes became %d", len(message), len(out))
		}
		m, err := dhcpv4.FromBytes(out)
		if err != nil {
			t.Fatal("the codec cannot read it:", err)
		}
		if _, there := m.Options[optOverload]; there {
			t.Error("overload is left")
		}
		again, ok := rejoin(out)
		if !ok || !bytes.Equal(again, out) {
			t.Error("not the same when done again")
		}
	})
}
