// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// numbered returns a frame of n bytes that carries a number.
func numbered(n int, number uint32) []byte {
	f := bytes.Repeat([]byte{byte(number)}, n)
	copy(f, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00")
	binary.BigEndian.PutUint32(f[frame.HeaderLen:], number)
	return f
}

func batch(frames ...[]byte) *frame.Batch {
	b := frame.NewBatch(64<<10, 128)
	for _, f := range frames {
		b.Append(f)
	}
	return b
}

// collect starts the session and returns what it receives.
func collect(s *protocol.Session) <-chan []byte {
	got := make(chan []byte, 4096)
	s.Start(func(frames [][]byte) {
		for _, f := range frames {
			select {
			case got <- bytes.Clone(f):
			case <-s.Done(): // the session's end waits for this, and the test reads no more
			}
		}
	})
	return got
}

func TestFramesGoBothWaysWhole(t *testing.T) {
	eachVersion(t, func(t *testing.T, server Option) {
		srv := start(t, server, WithHandler(Echo))
		s := dial(t, alice(srv))
		got := collect(s)
		const batches = 50
		var want [][]byte
		for i := range batches {
			frames := [][]byte{numbered(60, uint32(3*i)), numbered(1514, uint32(3*i+1)), numbered(frame.MaxLen, uint32(3*i+2))}
			want = append(want, frames...)
			if err := s.Send(batch(frames...)); err != nil {
				t.Fatal(err)
			}
		}
		for i, f := range want {
			select {
			case g := <-got:
				copy(f, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02")
				if !bytes.Equal(f, g) {
					t.Fatalf("frame %d of %d bytes came back as %d bytes", i, len(f), len(g))
				}
			case <-within(t).Done():
				t.Fatalf("frame %d did not come back", i)
			}
		}
	})
}

func TestFramesSentWithTheWelcomeAreNotLost(t *testing.T) {
	srv := start(t, WithHandler(func(s *ServerSession) {
		for i := range 100 {
			s.WriteFrames([][]byte{numbered(60, uint32(i))})
		}
	}))
	s := dial(t, alice(srv))
	time.Sleep(20 * time.Millisecond) // the caller has other things to do first
	got := collect(s)
	for i := range 100 {
		select {
		case f := <-got:
			if n := binary.BigEndian.Uint32(f[frame.HeaderLen:]); n != uint32(i) {
				t.Fatalf("frame %d came as number %d", n, i)
			}
		case <-within(t).Done():
			t.Fatalf("frame %d is missing", i)
		}
	}
}

func TestSendIsSafeForConcurrentUse(t *testing.T) {
	srv := start(t)
	s := dial(t, alice(srv))
	s.Start(func([][]byte) {})
	server := theSession(t, srv)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			b := batch(numbered(1000, uint32(i)), numbered(60, uint32(i)))
			for range 50 {
				if err := s.Send(b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	ctx := within(t)
	for server.Stats().FramesIn < 800 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if n := server.Stats().FramesIn; n != 800 {
		t.Errorf("%d frames arrived, want 800", n)
	}
}

func TestCloseIsPoliteAndQuick(t *testing.T) {
	for _, started := range []bool{true, false} {
		srv := start(t, WithHandler(Source(numbered(1000, 1), 10)))
		cfg := alice(srv)
		protocol.Shorten(cfg, protocol.Waits{Closing: 30 * time.Second}) // what needs force takes that long
		s := dial(t, cfg)
		if started {
			s.Start(func([][]byte) {})
		}
		if s.Err() != nil {
			t.Errorf("error before the end: %v", s.Err())
		}
		began := time.Now()
		s.Close()
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("started %v: Close took %v", started, took)
		}
		if !errors.Is(s.Err(), protocol.ErrClosed) {
			t.Errorf("error %v, want %v", s.Err(), protocol.ErrClosed)
		}
		if err := s.Send(batch(numbered(60, 1))); !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("Send after Close: %v, want %v", err, protocol.ErrClosed)
		}
		s.Close() // again
		waitEnd(t, srv, 0, EndPolite)
	}
}

// waitEnd waits until the server's n-th connection has ended, and checks how.
func waitEnd(t *testing.T, srv *Server, n int, want End) {
	t.Helper()
	for ctx := within(t); ; time.Sleep(time.Millisecond) {
		all := srv.Records()
		if n < len(all) && all[n].End != EndOpen {
			if got := all[n].End; got != want {
				t.Errorf("connection %d ended %q, want %q", n, got, want)
			}
			return
		}
		if ctx.Err() != nil {
			t.Errorf("connection %d of %d has not ended, want %q", n, len(all), want)
			return
		}
	}
}

// TestCloseBreaksAStuckSend: the network takes nothing any more, and Send waits.
func TestCloseBreaksAStuckSend(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 4} {
		t.Run(fmt.Sprint(n, " connections"), func(t *testing.T) {
			t.Parallel()
			srv := start(t, WithFault(StepData, func(x *Exchange) bool { <-x.Done; return false }))
			cfg := many(srv, n)
			s := dial(t, cfg)
			s.Start(func([][]byte) {})
			for ctx := within(t); s.Connections() < n && ctx.Err() == nil; {
				time.Sleep(time.Millisecond)
			}
			var frames [][]byte
			for i := range 40 {
				frames = append(frames, udp(uint16(i), 1))
			}
			f := startFlood(s, batch(frames...))
			f.stuck(t)
			began := time.Now()
			s.Close()
			if took := time.Since(began); took > 15*time.Second { // the session's time-out is 20 s
				t.Errorf("Close took %v", took)
			}
			if err := next(t, f.over, "the end of Send"); !errors.Is(err, protocol.ErrClosed) {
				t.Errorf("Send: %v, want %v", err, protocol.ErrClosed)
			}
		})
	}
}

func TestAutoDisconnectIsObeyed(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHub(Hub{Name: "TEST", Users: []User{
		{Name: "alice", Password: "secret1", Policy: map[string]uint32{"AutoDisconnect": 1}},
	}}))
	began := time.Now() // the second is counted from a moment within Dial
	s := dial(t, alice(srv))
	over(t, s)
	var code *protocol.ServerError
	if !errors.As(s.Err(), &code) || code.Code != protocol.CodeAutoDisconnected {
		t.Errorf("error %v, want code %d", s.Err(), protocol.CodeAutoDisconnected)
	}
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("disconnected after %v, want 1s", took)
	}
	s.Close()
	waitEnd(t, srv, 0, EndPolite)
}

func TestTheTimerOfAutoDisconnectEndsWithTheSession(t *testing.T) {
	srv := start(t, WithHub(Hub{Name: "TEST", Users: []User{
		{Name: "alice", Password: "secret1", Policy: map[string]uint32{"AutoDisconnect": 3600}},
	}}))
	s := dial(t, alice(srv))
	s.Close()
	if protocol.StopsAuto(s) {
		t.Error("it was still running")
	}
}
