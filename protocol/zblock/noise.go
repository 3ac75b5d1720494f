// SPDX-License-Identifier: Apache-2.0

package zblock

import (
	"encoding/binary"
	"hash/adler32"
)

const (
	// shortest is the least length that a frame must have to be worth a try: the codes alone cost some forty
	// bytes.
	shortest = 96
	// header is how many bytes at the front of a frame may be regular without the frame being so: Ethernet,
	// IPv6 and TCP with options.
	header = 96
)

// noisy reports whether src will hardly become shorter: it is short, or its content is encrypted or
// compressed already, as most is today. That takes four microseconds, deflate ten times as long. Deflate
// lives on bytes that are more frequent than others, and on strings that repeat; both must be absent.
func noisy(src []byte) bool {
	if len(src) < shortest {
		return true
	}
	var counts [256]uint16
	for _, b := range src {
		counts[b]++
	}
	squares := 0
	for _, c := range counts {
		squares += int(c) * int(c)
	}
	// For evenly distributed bytes that is n+n*(n-1)/256. A header of frequent bytes is allowed for, and a quarter for chance.
	n := len(src)
	if even := n + n*(n-1)/256; squares > even+even/4+header*header/8 {
		return false
	}
	var last [1024]uint16 // position+1 of the last four bytes with that hash
	again := 0
	for i := range n - 3 {
		word := binary.LittleEndian.Uint32(src[i:])
		h := word * 0x9e3779b1 >> 22
		if at := last[h]; at > 0 && binary.LittleEndian.Uint32(src[at-1:]) == word {
			again++
		}
		last[h] = uint16(i + 1)
	}
	return again <= header/4+n/64
}

// store makes a stream of one block that is not compressed.
func store(dst, src []byte) (int, error) {
	const head, tail = 2 + 5, 4
	n := head + len(src) + tail
	if n > len(dst) || len(src) > 0xffff {
		return 0, errNoRoom
	}
	copy(dst, []byte{0x78, 0x01, 1}) // deflate with a window of 32 KiB, the fastest way; the last block, stored
	binary.LittleEndian.PutUint16(dst[3:], uint16(len(src)))
	binary.LittleEndian.PutUint16(dst[5:], ^uint16(len(src)))
	copy(dst[head:], src)
	binary.BigEndian.PutUint32(dst[n-tail:], adler32.Checksum(src))
	return n, nil
}
