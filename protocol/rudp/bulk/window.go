// SPDX-License-Identifier: Apache-2.0

package bulk

// span is how far a datagram may lag behind the newest one, as in the original.
const span = 16384

// maxSeq is the first number that is not a sequence number: close to it are those that end a stream.
const maxSeq = 0xf000000000000000

// A window remembers which numbers have been seen. The zero value is empty. Only numbers of genuine datagrams
// may be shown to it.
type window struct {
	newest uint64
	seen   [span / 64]uint64
}

// fresh reports whether seq is neither too old nor a repetition, and remembers it.
func (w *window) fresh(seq uint64) bool {
	if seq == 0 || seq >= maxSeq || seq+span <= w.newest {
		return false
	}
	if seq > w.newest {
		if seq-w.newest >= span {
			clear(w.seen[:])
		} else {
			for n := w.newest + 1; n < seq; n++ {
				w.seen[n%span/64] &^= 1 << (n % 64)
			}
			w.seen[seq%span/64] &^= 1 << (seq % 64)
		}
		w.newest = seq
	}
	slot, bit := &w.seen[seq%span/64], uint64(1)<<(seq%64)
	if *slot&bit != 0 {
		return false
	}
	*slot |= bit
	return true
}
