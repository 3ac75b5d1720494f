// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"errors"
	"net"
	"syscall"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/rudp/bulk"
)

// bulkSend is how many datagrams are sealed before they are sent; the stream goes on while they are being
// sealed.
const bulkSend = 32

// A carrier that has no room for a datagram is tried again after roomPause, for a second in all; after that,
// the frame is lost.
const (
	roomPause = 500 * time.Microsecond
	roomTries = 2000
)

// A bulkWay is what a Conn has beside its stream once OpenBulk has been called.
type bulkWay struct {
	sealer  *bulk.Sealer
	opener  *bulk.Opener
	receive func(frames [][]byte)

	// For run: a batch of received frames and the buffers they are views of.
	frames [][]byte
	spare  [batch][2048]byte // datagrams behind the first, which is in run's own buffer
	rooms  [batch + 1][frame.MaxLen]byte

	// For SendBulk.
	out [bulkSend][]byte
}

// OpenBulk begins to accept datagrams beside the stream. receive is called by one goroutine with their
// frames, which are valid until it returns; meanwhile nothing else is received. It is no longer called once
// Close has returned. Only the first call counts.
func (c *Conn) OpenBulk(sealer *bulk.Sealer, opener *bulk.Opener, receive func(frames [][]byte)) {
	w := &bulkWay{sealer: sealer, opener: opener, receive: receive, frames: make([][]byte, 0, batch+1)}
	for i := range w.out {
		w.out[i] = make([]byte, 0, c.carrier.Headroom()+bulk.MaxDatagram)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bulk == nil {
		c.bulk = w
	}
}

// take opens d. If it is genuine, its frame joins the batch.
func (w *bulkWay) take(d []byte) bool {
	if w == nil {
		return false
	}
	f, ok := w.opener.Open(d, w.rooms[len(w.frames)][:])
	if f != nil {
		w.frames = append(w.frames, f)
	}
	return ok
}

// room returns where to receive the next datagram: into first, as long as that holds nothing of the batch.
func (w *bulkWay) room(first []byte) []byte {
	if w == nil || len(w.frames) == 0 {
		return first
	}
	return w.spare[len(w.frames)-1][:]
}

// deliver passes the batch on.
func (w *bulkWay) deliver() {
	if w != nil && len(w.frames) > 0 {
		w.receive(w.frames)
		w.frames = w.frames[:0]
	}
}

// SendBulk sends each frame in a datagram beside the stream, after OpenBulk. It is for one goroutine at a
// time, and waits briefly while the carrier has no room. The error is why the connection is over.
func (c *Conn) SendBulk(frames [][]byte) error {
	c.mu.Lock()
	w := c.bulk
	c.mu.Unlock()
	if w == nil {
		return c.opError("write", errors.New("bulk datagrams are not open"))
	}
	head := c.carrier.Headroom()
	for len(frames) > 0 {
		n := min(len(frames), bulkSend)
		for i, f := range frames[:n] {
			b := w.out[i][:cap(w.out[i])]
			w.out[i] = b[:head+w.sealer.Seal(b[head:], f)]
		}
		if err := c.sendAll(w.out[:n]); err != nil {
			return err
		}
		frames = frames[n:]
	}
	return nil
}

// sendAll sends datagrams, each with the carrier's headroom in front.
func (c *Conn) sendAll(datagrams [][]byte) error {
	for tries := 0; len(datagrams) > 0; {
		full := false
		c.mu.Lock()
		over, closed := c.over(), c.closed
		for over == nil && !closed && len(datagrams) > 0 {
			// Any other error concerns an earlier datagram, or loses this one.
			full = errors.Is(c.carrier.Send(datagrams[0]), syscall.EAGAIN) && tries < roomTries
			if full {
				break
			}
			datagrams = datagrams[1:]
		}
		c.mu.Unlock()
		switch {
		case closed:
			return c.opError("write", net.ErrClosed)
		case over != nil:
			return c.opError("write", over)
		case full:
			tries++
			time.Sleep(roomPause)
		}
	}
	return nil
}
