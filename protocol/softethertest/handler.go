// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"network-manager-softether/frame"
)

// Sink is a handler that accepts all frames and sends none. [ServerSession.Stats] tells how many there were.
func Sink(s *ServerSession) {
	s.Receive(func([][]byte) {})
}

// Echo is a handler that sends every frame back with source and destination
// swapped.
func Echo(s *ServerSession) {
	for {
		frames, err := s.ReadFrames()
		if err != nil {
			return
		}
		for _, f := range frames {
			if len(f) < frame.HeaderLen {
				continue
			}
			for i := range 6 {
				f[i], f[6+i] = f[6+i], f[i]
			}
		}
		if s.WriteFrames(frames) != nil {
			return
		}
	}
}

// Source returns a handler that sends copies of f, as many as the client accepts, in batches of n, until the
// session is over. What the client sends is discarded.
func Source(f []byte, n int) func(*ServerSession) {
	return func(s *ServerSession) {
		Sink(s)
		b := frame.NewBatch(n*(4+len(f)), n)
		for b.Append(f) {
		}
		for s.WriteBatch(b) == nil {
			if s.Conns() == 0 { // do not spin while nobody listens
				if s.waitChange() != nil {
					return
				}
			}
		}
	}
}
