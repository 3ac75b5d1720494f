// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/binary"
	"sync"
)

// queueBytes bounds the message that waits while another one is being written: small enough for a slow
// connection to delay its frames only briefly, and large enough to keep a fast one busy.
const queueBytes = 128 << 10

// A sendQueue collects frames for one connection into the next message while a goroutine writes the last one.
// It has two buffers, each of which grows to queueBytes once. It is safe for concurrent use by many producers
// and one consumer.
type sendQueue struct {
	wake chan struct{} // capacity 1: there is something to take
	room chan struct{} // capacity 1: something was taken

	mu     sync.Mutex
	fill   []byte // the next message
	count  uint32 // frames in it
	other  []byte // what take returned last
	busy   bool   // other is being written
	closed bool
}

func newSendQueue() *sendQueue {
	return &sendQueue{
		wake: make(chan struct{}, 1), room: make(chan struct{}, 1),
		fill: make([]byte, 4, readBuffer/4), other: make([]byte, 0, readBuffer/4),
	}
}

// append copies f into the next message and reports whether there was room. The caller must call kick after
// its last append.
func (q *sendQueue) append(f []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.fill)+4+len(f) > queueBytes {
		return false
	}
	q.fill = binary.BigEndian.AppendUint32(q.fill, uint32(len(f)))
	q.fill = append(q.fill, f...)
	q.count++
	return true
}

// kick wakes the consumer.
func (q *sendQueue) kick() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns the next message, valid until take is called again, or nil if
// there is none.
func (q *sendQueue) take() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy = q.count > 0
	if !q.busy {
		return nil
	}
	binary.BigEndian.PutUint32(q.fill, q.count)
	message := q.fill
	q.fill, q.other, q.count = append(q.other[:0], 0, 0, 0, 0), message, 0
	select {
	case q.room <- struct{}{}:
	default:
	}
	return message
}

// waiting returns how many bytes are waiting, without the message that is being written.
func (q *sendQueue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.fill) - 4
}

// idle reports whether everything appended has been written.
func (q *sendQueue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count == 0 && !q.busy
}

// close refuses further frames.
func (q *sendQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}
