// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"errors"
	"net"
	"os"
	"time"
)

const (
	// batch is how many datagrams are received before they are acknowledged.
	batch = Window
	// maxErrors is how many times in a row receiving may fail. The network reports lost datagrams as errors,
	// too.
	maxErrors = 100
)

// run receives until the connection is over. The carrier's read deadline is the endpoint's timer.
func (c *Conn) run() {
	defer close(c.ended)
	buf := make([]byte, 2048)
	errs := 0
	for {
		b, err := c.carrier.Receive(buf, true)
		c.mu.Lock()
		way := c.bulk
		news := err != nil // a timer may be due
		for n := 0; err == nil; n++ {
			errs = 0
			if c.ep.Receive(c.now(), b) {
				news = true
				c.carrier.Confirm()
			} else if way.take(b) {
				c.carrier.Confirm()
			}
			if n == batch {
				break
			}
			b, err = c.carrier.Receive(way.room(buf), false)
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			news = true
			errs++
			if !c.ep.Established() || errs > maxErrors || errors.Is(err, net.ErrClosed) {
				c.fault = err
			}
		}
		c.pump()
		done := c.ep.Done() || c.fault != nil
		if news || done {
			c.rd.cond.Broadcast()
			c.wr.cond.Broadcast()
		}
		c.mu.Unlock()
		way.deliver()
		if done {
			return
		}
	}
}

// pump sends what is due and makes sure that run wakes up in time.
func (c *Conn) pump() {
	if c.fault != nil {
		return
	}
	now := time.Now()
	if !c.pulse.IsZero() && !now.Before(c.pulse) {
		c.pulse = c.carrier.Pulse(now)
	}
	head := c.carrier.Headroom()
	for {
		n := c.ep.Next(c.now(), c.buf[head:])
		if n == 0 {
			break
		}
		c.lastSend = c.carrier.Send(c.buf[:head+n])
	}
	var wake time.Time
	if t := c.ep.Timer(); t != never {
		wake = c.born.Add(t)
	}
	if c.ep.Done() {
		wake = time.Unix(1, 0) // makes run end
	} else if wake.IsZero() || !c.pulse.IsZero() && c.pulse.Before(wake) {
		wake = c.pulse
	}
	// Waking up too early does no harm, and saves most of these calls.
	if c.armed.IsZero() || !c.armed.After(now) || !wake.IsZero() && wake.Before(c.armed) {
		c.armed = wake
		c.carrier.SetReadDeadline(wake)
	}
}
