// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// backlog holds messages to the loop until it takes them. Their order matters: a session that is lost and
// back within a moment must not end up as lost.
type backlog struct {
	mu       sync.Mutex
	messages []func() // guarded by mu
	draining bool     // guarded by mu: a goroutine is handing them over
}

// postLater passes f to the loop without blocking, after everything posted this way before. Like post, it
// drops f if the loop has ended.
func (c *connection) postLater(f func()) {
	b := &c.later
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, f)
	if !b.draining {
		b.draining = true
		go b.drain(c.post)
	}
}

func (b *backlog) drain(post func(func()) bool) {
	for f := b.next(); f != nil; f = b.next() {
		post(f)
	}
}

// next takes the oldest message out; nil ends the draining.
func (b *backlog) next() func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.messages) == 0 {
		b.draining = false
		return nil
	}
	f := b.messages[0]
	b.messages = b.messages[1:]
	return f
}
