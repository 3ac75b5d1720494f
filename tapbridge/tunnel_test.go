// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/softethertest"
	"network-manager-softether/tapbridge"
	"network-manager-softether/tapbridge/offload"
)

// The whole way of a frame, as in the service but without the kernel's TAP: a device in
// memory, the bridge, a session over real TLS and TCP, and a server that does nothing
// with frames, or makes them. Both ends run in this process: the numbers are for both.
//
//	go test -run - -bench Tunnel -cpuprofile /tmp/cpu ./tapbridge

// superFrames is how many segments a superframe of the device has.
const superFrames = 44

// patience is for a computer that is busy with other things.
const patience = leaktest.Patience

// An endless device has as many superframes to send as it is given tokens. What it
// receives it joins to superframes, too, and counts.
type endless struct {
	super, buf []byte
	tokens     chan struct{}
	split      offload.Segmenter
	join       *offload.Coalescer
	over       chan struct{}
	closed     atomic.Bool

	received atomic.Int64 // frames
	more     chan struct{}
	late     *time.Timer // of await
}

func newEndless() *endless {
	d := &endless{tokens: make(chan struct{}, 16), join: offload.NewCoalescer(true), over: make(chan struct{}), more: make(chan struct{}, 1), late: time.NewTimer(patience)}
	d.join.Load(burst(superFrames), true)
	for _, part := range d.join.Next() {
		d.super = append(d.super, part...)
	}
	d.buf = make([]byte, len(d.super))
	return d
}

func (d *endless) Read(b *frame.Batch) error {
	for d.split.Drain(b) {
		select {
		case <-d.tokens:
		default:
			if b.Len() > 0 {
				return nil
			}
			select {
			case <-d.tokens:
			case <-d.over:
				return tapbridge.ErrClosed
			}
		}
		copy(d.buf, d.super)
		if err := d.split.Load(d.buf); err != nil {
			return err
		}
	}
	return nil
}

func (d *endless) Write(frames [][]byte) (int, error) {
	took := len(frames)
	for len(frames) > 0 {
		n := d.join.Load(frames, true)
		for parts := d.join.Next(); parts != nil; parts = d.join.Next() {
		}
		frames = frames[n:]
	}
	d.received.Add(int64(took))
	select {
	case d.more <- struct{}{}:
	default:
	}
	return took, nil
}

func (d *endless) Close() error {
	if !d.closed.Swap(true) {
		close(d.over)
	}
	return nil
}

// await waits until so many frames have been received.
func (d *endless) await(t testing.TB, n int64) {
	t.Helper()
	for d.received.Load() < n {
		d.late.Reset(patience)
		select {
		case <-d.more:
		case <-d.late.C:
			t.Fatalf("%d of %d frames arrived, and then none for %v", d.received.Load(), n, patience)
		}
	}
}

// tunnel brings up the whole way with that handler at the far end, until the test is
// over, and returns the device and the server's end.
func tunnel(t testing.TB, handler func(*softethertest.ServerSession)) (*endless, *softethertest.ServerSession) {
	t.Helper()
	far := make(chan *softethertest.ServerSession, 1)
	srv := softethertest.NewServer(softethertest.WithHandler(func(s *softethertest.ServerSession) {
		far <- s
		handler(s)
	}))
	t.Cleanup(srv.Close)
	s, err := protocol.Dial(t.Context(), &protocol.Config{
		Host: srv.Host(), Port: srv.Port(), Hub: "TEST", User: "alice",
		Auth:  protocol.Password{Secret: "secret1"},
		Trust: protocol.Trust{Roots: srv.CertPool()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d := newEndless()
	b := tapbridge.New(d, nil)
	t.Cleanup(func() {
		s.Close()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Start(b.Receive)
	b.SetLink(s)
	return d, <-far
}

// segments is a handler that sends consecutive segments as fast as the client takes
// them.
func segments(s *softethertest.ServerSession) {
	softethertest.Sink(s)
	b := frame.NewBatch(superFrames*frame.MaxLen, superFrames)
	for _, f := range burst(superFrames) {
		b.Append(f)
	}
	for s.Conns() > 0 && s.WriteBatch(b) == nil {
	}
}

// sent waits until the server has got that many frames.
func sent(t testing.TB, s *softethertest.ServerSession, frames uint64) {
	t.Helper()
	for last, since := uint64(0), time.Now(); ; time.Sleep(50 * time.Microsecond) {
		switch n := s.Stats().FramesIn; {
		case n >= frames:
			return
		case n != last:
			last, since = n, time.Now()
		case time.Since(since) > patience:
			t.Fatalf("%d of %d frames arrived, and then none for %v", n, frames, patience)
		}
	}
}
