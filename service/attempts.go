// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// attempts are the attempts to connect, of which one runs at a time.
type attempts struct {
	group    sync.WaitGroup // goroutines of attempts, including cancelled ones
	running  *running       // nil if none is running
	era      int            // counts attempts with their sessions; messages from an older one are ignored
	watchdog *time.Timer    // of connecting as a whole
}

// running is the loop's side of an attempt.
type running struct {
	cancel context.CancelFunc
	since  time.Time
	ended  chan error // gets the attempt's error, nil if it succeeded
}

// stuckAt cancels the attempt and returns what it was doing, as the error with which it ends.
func (r *running) stuckAt() error {
	r.cancel()
	select {
	case err := <-r.ended:
		if err == nil {
			err = errors.New("the announcement of a connection that was just made")
		}
		return err
	case <-time.After(time.Second):
		return errors.New("an attempt that does not end")
	}
}

// cancel ends the running attempt and the era of the session that the last one opened.
func (a *attempts) cancel() {
	a.era++
	a.done()
}

// done forgets an attempt that has ended, or is being cancelled.
func (a *attempts) done() {
	if a.running != nil {
		a.running.cancel()
		a.running = nil
	}
}
