// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"network-manager-softether/frame"
)

var errTooLong = errors.New("softethertest: a frame is too long to be sent")

type counters struct {
	framesIn, bytesIn, framesOut, bytesOut, keepAlivesIn, dropped atomic.Uint64
	framesInUDP, framesOutUDP                                     atomic.Uint64
}

// Stats counts what a session carried. Bytes are those of frames.
type Stats struct {
	FramesIn, BytesIn   uint64 // from the client
	FramesOut, BytesOut uint64 // to the client
	KeepAlivesIn        uint64
	Dropped             uint64 // frames for the client that there was no connection for

	FramesInUDP, FramesOutUDP uint64 // of the frames, those that came or went over UDP
}

// Stats returns the counters of the session.
func (s *ServerSession) Stats() Stats {
	c := &s.counters
	return Stats{
		c.framesIn.Load(), c.bytesIn.Load(), c.framesOut.Load(), c.bytesOut.Load(), c.keepAlivesIn.Load(), c.dropped.Load(),
		c.framesInUDP.Load(), c.framesOutUDP.Load(),
	}
}

// deliver passes a batch on and reports whether the session continues. rx returns to its socket when its
// frames are no longer needed.
func (s *ServerSession) deliver(rx *rxBuf) bool {
	bytes := 0
	for _, f := range rx.frames {
		bytes += len(f)
	}
	s.counters.framesIn.Add(uint64(len(rx.frames)))
	s.counters.bytesIn.Add(uint64(bytes))
	s.shorten(rx.frames)
	if s.dhcp != nil {
		rx.frames = slices.DeleteFunc(rx.frames, func(f []byte) bool { return s.dhcp.handle(s, f) })
		if len(rx.frames) == 0 {
			rx.free <- rx
			return true
		}
	}
	select {
	case <-s.receiving:
		s.receive(rx.conn, rx.frames)
		rx.free <- rx
		return true
	default:
	}
	select {
	case s.rx <- rx:
		return true
	case <-s.receiving:
		s.receive(rx.conn, rx.frames)
		rx.free <- rx
		return true
	case <-s.done:
		return false
	}
}

// ReadFrames waits for the next frames from the client, at least one. They are
// valid until the next call. It returns io.EOF when the session is over. Only one
// goroutine may read, and none after [ServerSession.Receive].
func (s *ServerSession) ReadFrames() ([][]byte, error) {
	if s.last != nil {
		s.last.free <- s.last
		s.last = nil
	}
	select {
	case rx := <-s.rx:
		s.last = rx
		return rx.frames, nil
	case <-s.done:
		return nil, io.EOF
	}
}

// Receive makes the goroutines of the session's connections call f with all further frames from the client:
// the fast way. The frames are valid until f returns. Only the first call counts.
func (s *ServerSession) Receive(f func(frames [][]byte)) {
	s.ReceiveFrom(func(_ int, frames [][]byte) { f(frames) })
}

// ReceiveFrom is Receive, but also reports what the frames arrived on: conn is the connection's index among
// the server's records, -1 for UDP.
func (s *ServerSession) ReceiveFrom(f func(conn int, frames [][]byte)) {
	s.once.Do(func() {
		s.receive = f
		close(s.receiving)
	})
}

// WriteFrames sends frames to the client. While it has no connection they are
// dropped. It returns io.EOF when the session is over.
func (s *ServerSession) WriteFrames(frames [][]byte) error {
	frames = s.shortened(frames)
	bytes := 0
	for _, f := range frames {
		bytes += len(f)
	}
	if s.sendUDP(frames, bytes) {
		s.counters.framesOut.Add(uint64(len(frames)))
		s.counters.bytesOut.Add(uint64(bytes))
		return nil
	}
	return s.send(len(frames), bytes, func(k *sock) error { return k.writeFrames(frames) })
}

// WriteBatch is [ServerSession.WriteFrames] for frames that already have the layout of a message. It does not
// use UDP.
func (s *ServerSession) WriteBatch(b *frame.Batch) error {
	return s.send(b.Len(), len(b.Message())-4-4*b.Len(), func(k *sock) error { return k.writeBatch(b) })
}

func (s *ServerSession) send(frames, bytes int, write func(*sock) error) error {
	if s.isOver() {
		return io.EOF
	}
	k := s.pick()
	if k == nil || write(k) != nil {
		// A connection that cannot be written to is about to be removed.
		s.counters.dropped.Add(uint64(frames))
		return nil
	}
	s.counters.framesOut.Add(uint64(frames))
	s.counters.bytesOut.Add(uint64(bytes))
	return nil
}

// pick returns the connection to send on: the newest one nobody is writing to,
// else the newest.
func (s *ServerSession) pick() *sock {
	p := s.out.Load()
	if p == nil || len(*p) == 0 {
		return nil
	}
	out := *p
	for _, k := range slices.Backward(out) {
		if k.mu.TryLock() {
			k.mu.Unlock()
			return k
		}
	}
	return out[len(out)-1]
}

// WriteRaw sends b as it is on the newest connection: for data that breaks the rules.
func (s *ServerSession) WriteRaw(b []byte) error {
	k := s.pick()
	if k == nil {
		return errors.New("softethertest: the session has no connection")
	}
	return k.write(b)
}

// Cut ends all TCP connections of the session; the session lingers.
func (s *ServerSession) Cut(how Cut) {
	s.mu.Lock()
	socks := slices.Clone(s.socks)
	s.mu.Unlock()
	for _, k := range socks {
		k.close(how)
	}
}

// CutOne ends the n-th oldest TCP connection of the session. It reports whether there
// was one.
func (s *ServerSession) CutOne(n int, how Cut) bool {
	s.mu.Lock()
	if n >= len(s.socks) {
		s.mu.Unlock()
		return false
	}
	k := s.socks[n]
	s.forget(k) // who waits for its successor must not take it for that
	s.mu.Unlock()
	k.close(how)
	return true
}

// Directions returns what the session's TCP connections are for, oldest first: 0 both
// ways, 1 to the client, 2 to the server.
func (s *ServerSession) Directions() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []uint32
	for _, k := range s.socks {
		all = append(all, k.direction)
	}
	return all
}

// Freeze makes the present TCP connections go dead without a sign, as when a path is lost: nothing is sent on
// them any more. New ones work.
func (s *ServerSession) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ice := slices.Clone(s.socks)
	s.ice.Store(&ice)
}

func (s *ServerSession) frozen(k *sock) bool {
	ice := s.ice.Load()
	return ice != nil && slices.Contains(*ice, k)
}
