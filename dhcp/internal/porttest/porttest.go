// SPDX-License-Identifier: Apache-2.0

// Package porttest is a wire in memory for tests: the port that a client uses, and the other end of it.
package porttest

import "errors"

// A Port connects a client with a test. It is safe for concurrent use.
type Port struct {
	in  chan []byte
	out chan []byte
}

// New returns a port that holds up to 64 frames each way.
func New() *Port {
	return &Port{in: make(chan []byte, 64), out: make(chan []byte, 64)}
}

// Send is how the client sends. It fails if nobody reads the other end.
func (p *Port) Send(frame []byte) error {
	select {
	case p.out <- append([]byte(nil), frame...):
		return nil
	default:
		return errors.New("porttest: nobody reads")
	}
}

// Frames is where the client receives.
func (p *Port) Frames() <-chan []byte { return p.in }

// Sent returns what the client has sent, in order.
func (p *Port) Sent() <-chan []byte { return p.out }

// Deliver passes frame to the client.
func (p *Port) Deliver(frame []byte) { p.in <- frame }

// Close tells the client that its port is gone.
func (p *Port) Close() { close(p.in) }
