// SPDX-License-Identifier: Apache-2.0

package datapath

import "sync"

// A Receiver is where the frames of a session go, whichever way they come: nobody reads any
// before it is known. Its methods are safe for concurrent use.
type Receiver struct {
	starting sync.Once
	started  chan struct{}
	receive  func(frames [][]byte)
}

// NewReceiver returns a receiver that is not known yet.
func NewReceiver() *Receiver { return &Receiver{started: make(chan struct{})} }

// Start has receive get the frames, from several goroutines at once; they are valid until it
// returns. Only the first call counts.
func (r *Receiver) Start(receive func(frames [][]byte)) {
	r.starting.Do(func() {
		r.receive = receive
		close(r.started)
	})
}

// Started is closed by Start.
func (r *Receiver) Started() <-chan struct{} { return r.started }

// Func returns what Start was given. It may be called once Started is closed.
func (r *Receiver) Func() func(frames [][]byte) { return r.receive }
