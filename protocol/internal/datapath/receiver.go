// SPDX-License-Identifier: Apache-2.0

package datapath

import "sync"

// A Receiver is where the frames of a session go, whichever way they arrive. Nobody reads any before it is
// started. Its methods are safe for concurrent use.
type Receiver struct {
	starting sync.Once
	started  chan struct{}
	receive  func(frames [][]byte)
}

// NewReceiver returns a receiver that has not been started.
func NewReceiver() *Receiver { return &Receiver{started: make(chan struct{})} }

// Start passes the frames to receive, perhaps from several goroutines at once; they are valid until it returns.
// Only the first call counts.
func (r *Receiver) Start(receive func(frames [][]byte)) {
	r.starting.Do(func() {
		r.receive = receive
		close(r.started)
	})
}

// Started returns a channel that Start closes.
func (r *Receiver) Started() <-chan struct{} { return r.started }

// Func returns what Start was given. It may be called once Started is closed.
func (r *Receiver) Func() func(frames [][]byte) { return r.receive }
