// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// lost returns err as the reason why the connection cannot go on, in this package's terms.
func (c *Conn) lost(err error) error {
	switch {
	case errors.Is(err, ErrMalformed):
		return err
	case timedOut(err):
		return fmt.Errorf("%w: silent for %v: %w", ErrLost, c.timeout, ErrTimeout)
	case errors.Is(err, io.EOF):
		return ErrServerClosed
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// drop ends the connection for the reason err, unless it has ended already. It does not block.
func (c *Conn) drop(err error) {
	c.dropping.Do(func() {
		c.err = err
		close(c.gone)
		c.Stream.SetReadDeadline(time.Unix(1, 0))
	})
}

// failed drops a connection that could not be written to, unless it is stranded and only being read.
func (c *Conn) failed(err error) {
	if !c.stranded.Load() {
		c.drop(err)
	}
}

// leave says goodbye once everything is written, and goes on reading until the server has done the same, so that
// nothing the server has sent is lost. At worst it takes t.Flush and t.Closing, and drops the connection.
func (c *Conn) leave(t *Waits) {
	const look = 5 * time.Millisecond
	for until := time.Now().Add(t.Flush); c.unwritten() && time.Now().Before(until); {
		select {
		case <-c.gone:
			return
		case <-time.After(look):
		}
	}
	c.closing.Store(true)
	if c.queue != nil {
		c.queue.close()
	}
	force := time.AfterFunc(t.Closing, func() { c.drop(errReplaced) })
	defer force.Stop()
	// On a slow network the last message is still being written.
	for c.unwritten() || !c.writing.TryLock() {
		select {
		case <-c.gone:
			return
		case <-time.After(look):
		}
	}
	err := c.Stream.CloseWrite()
	c.writing.Unlock()
	if err != nil {
		c.drop(errReplaced)
	}
	<-c.gone
}

// unwritten reports whether something is in the queue, or being written.
func (c *Conn) unwritten() bool {
	return c.queued.Load() > 0 || c.queue != nil && !c.queue.idle()
}

// shutDown closes a dropped connection politely, within t.Closing. It waits a little for the server's
// close_notify, as closing a socket with unread data resets the connection, and a reset may overtake our own
// close_notify.
func (c *Conn) shutDown(t *Waits) {
	force := time.AfterFunc(t.Closing, func() { c.Raw.Close() })
	defer force.Stop()
	c.Stream.SetWriteDeadline(time.Now().Add(t.Closing))
	c.writing.Lock()
	err := c.Stream.CloseWrite()
	c.writing.Unlock()
	wait := time.NewTimer(t.Closing)
	defer wait.Stop()
	select {
	case <-c.read:
		if err == nil {
			c.drain(time.Now().Add(t.Drain))
		}
	case <-wait.C:
	}
	c.Stream.Close()
}

func (c *Conn) drain(until time.Time) {
	c.Stream.SetReadDeadline(until)
	for {
		if _, err := c.Stream.Read(c.in.buf); err != nil {
			return
		}
	}
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// strand interrupts everybody who uses a connection whose ground is gone, including writers that wait for the
// network. The connection is still read, until the server closes it or it has been silent for the session's
// time-out: should the ground come back, a server would otherwise only hear a reset from the old socket, and
// Debian's would then take every other connection for broken (softether-protocol.md 8.6).
func (c *Conn) strand() {
	c.stranded.Store(true)
	c.retiring.Store(true)
	c.closing.Store(true)
	if c.queue != nil {
		c.queue.close()
	}
	c.Stream.SetWriteDeadline(time.Unix(1, 0))
	go func() {
		c.writing.Lock()
		defer c.writing.Unlock()
		_ = c.Stream.CloseWrite() // the kernel sends it when the ground is back; if it cannot, nobody waits for it
	}()
}
