// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"encoding/binary"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// number returns what numbered has put into a frame.
func number(f []byte) uint32 { return binary.BigEndian.Uint32(f[frame.HeaderLen:]) }

// overUDP makes a server that grants UDP acceleration up to a version, and tells the
// numbers of the frames it gets that way. change may do more to it.
func overUDP(version int, change func(*UDP)) (Option, <-chan uint32) {
	got := make(chan uint32, 1024)
	u := UDP{Version: version, Stable: time.Millisecond, Receive: func(frames [][]byte) {
		for _, f := range frames {
			select {
			case got <- number(f):
			default: // the test has seen enough
			}
		}
	}}
	if change != nil {
		change(&u)
	}
	return WithUDP(u), got
}

// overTCP makes a handler that tells the numbers of the frames it gets.
func overTCP() (Option, <-chan uint32) {
	got := make(chan uint32, 1024)
	return WithHandler(func(s *ServerSession) {
		for {
			frames, err := s.ReadFrames()
			if err != nil {
				return
			}
			for _, f := range frames {
				select {
				case got <- number(f):
				case <-s.Done(): // the test reads no more
					return
				}
			}
		}
	}), got
}

// sendUntil sends numbered frames until one arrives in got, whose number it returns.
func sendUntil(t *testing.T, s *protocol.Session, n *uint32, got <-chan uint32) uint32 {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := within(t).Done(); ; {
		select {
		case v := <-got:
			return v
		case <-tick.C:
			*n++
			if err := s.Send(batch(numbered(100, *n))); err != nil {
				t.Fatal(err)
			}
		case <-end:
			t.Fatalf("no frame arrives, %d sent", *n)
		}
	}
}

func drain[T any](c <-chan T) {
	for len(c) > 0 {
		<-c
	}
}

// next waits for the next of what is sent on a channel.
func next[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-within(t).Done():
		t.Fatalf("%s does not come", what)
	}
	return v
}

// accelerated starts a session that wants UDP.
func accelerated(t *testing.T, srv *Server) *protocol.Session {
	t.Helper()
	cfg := alice(srv)
	cfg.UDP = protocol.UDPYes
	s := dial(t, cfg)
	collect(s)
	return s
}
