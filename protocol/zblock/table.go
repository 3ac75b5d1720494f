// SPDX-License-Identifier: Apache-2.0

package zblock

import "math/bits"

// Numbers of RFC 1951 3.2.5 to 3.2.7.
const (
	maxCodeLen   = 15
	maxLiterals  = 288
	maxDistances = 32
	endOfBlock   = 256
	firstLength  = 257
	lengthCodes  = 19 // symbols of the code for code lengths
)

var (
	lengthBase    = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra   = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase  = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	lengthOrder   = [lengthCodes]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// quickBits is the length of the codes that one look into a table decodes. Longer
// ones are rare, and found by counting.
const quickBits = 9

// A table decodes a Huffman code.
type table struct {
	quick [1 << quickBits]uint16 // symbol<<4 | length, by the next bits; 0: a longer code, or none
	// Codes by length, in canonical order: those of length l begin with first[l],
	// are count[l] many, and their symbols begin at symbols[start[l]].
	first, count, start [maxCodeLen + 1]uint16
	symbols             [maxLiterals]uint16
}

// set makes t the code with those lengths, one a symbol, 0 for symbols without a
// code. It fails if there are too many codes, or too few: but for a single one of
// length 1, which is how an encoder writes that there is only one distance.
func (t *table) set(lengths []uint8) bool {
	clear(t.quick[:])
	clear(t.count[:])
	for _, l := range lengths {
		t.count[l]++
	}
	used := len(lengths) - int(t.count[0])
	t.count[0] = 0
	var code, start uint16
	left := 1 // codes that are free, of the length at hand
	for l := 1; l <= maxCodeLen; l++ {
		code <<= 1
		t.first[l], t.start[l] = code, start
		code += t.count[l]
		start += t.count[l]
		if left = left<<1 - int(t.count[l]); left < 0 {
			return false
		}
	}
	if left > 0 && (used > 1 || used == 1 && t.count[1] == 0) {
		return false
	}
	next := t.start
	for sym, l := range lengths {
		if l == 0 {
			continue
		}
		i := next[l]
		next[l]++
		t.symbols[i] = uint16(sym)
		if l > quickBits {
			continue
		}
		// The bits of a code come in the opposite order of all others.
		code := bits.Reverse16(t.first[l]+i-t.start[l]) >> (16 - l)
		for at := int(code); at < len(t.quick); at += 1 << l {
			t.quick[at] = uint16(sym)<<4 | uint16(l)
		}
	}
	return true
}

// lookUp returns the symbol that next begins with, lowest bit first, and the length
// of its code; 0 if there is none.
func (t *table) lookUp(next uint32) (sym int, length uint) {
	if q := t.quick[next&(1<<quickBits-1)]; q != 0 {
		return int(q >> 4), uint(q & 0xf)
	}
	code := bits.Reverse16(uint16(next))
	for l := uint(quickBits + 1); l <= maxCodeLen; l++ {
		if i := code>>(16-l) - t.first[l]; i < t.count[l] {
			return int(t.symbols[t.start[l]+i]), l
		}
	}
	return 0, 0
}

// makeFixed makes the codes of RFC 1951 3.2.6.
func (e *Expander) makeFixed() {
	if e.fixed.made {
		return
	}
	for i := range e.lengths[:maxLiterals] {
		switch {
		case i < 144, i >= 280:
			e.lengths[i] = 8
		case i < 256:
			e.lengths[i] = 9
		default:
			e.lengths[i] = 7
		}
	}
	e.fixed.literals.set(e.lengths[:maxLiterals])
	for i := range e.lengths[:maxDistances] {
		e.lengths[i] = 5
	}
	e.fixed.distances.set(e.lengths[:maxDistances])
	e.fixed.made = true
}

// readTables reads the codes of a block that has its own (RFC 1951 3.2.7).
func (e *Expander) readTables() error {
	head, ok := e.take(14)
	literals, distances, codes := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if !ok || literals > maxLiterals-2 || distances > maxDistances-2 {
		return ErrCorrupt
	}
	lengths := e.lengths[:literals+distances]
	clear(e.lengths[:lengthCodes])
	for _, sym := range lengthOrder[:codes] {
		l, ok := e.take(3)
		if !ok {
			return ErrCorrupt
		}
		e.lengths[sym] = uint8(l)
	}
	if !e.literals.set(e.lengths[:lengthCodes]) {
		return ErrCorrupt
	}
	for i := 0; i < len(lengths); {
		sym, ok := e.symbol(&e.literals)
		if !ok {
			return ErrCorrupt
		}
		if sym < 16 {
			lengths[i] = uint8(sym)
			i++
			continue
		}
		var repeat uint8
		from, width := 3, uint(3)
		switch sym {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			repeat, width = lengths[i-1], 2
		case 18:
			from, width = 11, 7
		}
		more, ok := e.take(width)
		n := from + int(more)
		if !ok || n > len(lengths)-i {
			return ErrCorrupt
		}
		for range n {
			lengths[i] = repeat
			i++
		}
	}
	if lengths[endOfBlock] == 0 || !e.literals.set(lengths[:literals]) || !e.distances.set(lengths[literals:]) {
		return ErrCorrupt
	}
	return nil
}
