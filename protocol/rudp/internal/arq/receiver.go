// SPDX-License-Identifier: Apache-2.0

package arq

import "encoding/binary"

// recvSlots is how many received segments are kept until they are read. The last Window of them are for those
// that arrive out of order.
const recvSlots = 4 * Window

// A receiver puts segments in order. The zero value is ready to use.
type receiver struct {
	complete uint64 // all up to this number have arrived
	read     uint64 // the highest number that has been read to its end
	offset   int    // how much of segment read+1 has been read

	state [recvSlots]incoming
	data  [recvSlots][maxPayload]byte
}

// incoming is a segment that has arrived: its number, 0 if none, and its length.
type incoming struct {
	seq uint64
	len int
}

// stalled reports whether there is no room for more segments in order until some are read.
func (r *receiver) stalled() bool { return r.complete-r.read > recvSlots-Window-1 }

// accept keeps a payload that is new. It reports whether the sender should be told that it has arrived; of
// one beyond the window, it should not.
func (r *receiver) accept(seq uint64, payload []byte) bool {
	if seq > r.complete+Window || len(payload) > maxPayload {
		return false
	}
	if seq <= r.complete {
		return true
	}
	i := seq % recvSlots
	if r.state[i].seq != seq {
		r.state[i] = incoming{seq, copy(r.data[i][:], payload)}
	}
	return !r.stalled()
}

// advance returns the next segment in order, if it has arrived and there is room, and counts it as complete.
// The payload is valid until the next accept.
func (r *receiver) advance() []byte {
	i := (r.complete + 1) % recvSlots
	if st := &r.state[i]; st.seq == r.complete+1 && !r.stalled() {
		r.complete++
		return r.data[i][:st.len]
	}
	return nil
}

// swallow removes the first n bytes of the segment that advance returned last from the stream.
func (r *receiver) swallow(n int) {
	i := r.complete % recvSlots
	st := &r.state[i]
	st.len = copy(r.data[i][:], r.data[i][n:st.len])
	if st.len == 0 && r.read == r.complete-1 {
		r.read++
	}
}

// take copies bytes in order to p.
func (r *receiver) take(p []byte) (n int) {
	for r.read < r.complete {
		i := (r.read + 1) % recvSlots
		rest := r.data[i][r.offset:r.state[i].len]
		m := copy(p[n:], rest)
		n += m
		if m < len(rest) {
			r.offset += m
			break
		}
		r.read, r.offset = r.read+1, 0
	}
	return n
}

// acks appends the numbers of the segments that have arrived out of order. While the receiver is stalled
// there are none, so that the sender waits.
func (r *receiver) acks(b []byte) []byte {
	if r.stalled() {
		return b
	}
	for seq := r.complete + 1; seq <= r.complete+Window; seq++ {
		if r.state[seq%recvSlots].seq == seq {
			b = binary.BigEndian.AppendUint64(b, seq)
		}
	}
	return b
}
