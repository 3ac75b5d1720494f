// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	crand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// keepAlive sends keep-alives until the connection ends or is being closed: the first one at once, then
// whenever nothing else was sent for an interval, which is drawn anew each time.
func (c *Conn) keepAlive() {
	due := time.NewTimer(0)
	defer due.Stop()
	var (
		message  [keepAliveStart + maxKeepAlive]byte
		interval time.Duration
	)
	for {
		select {
		case <-c.gone:
			return
		case <-due.C:
		}
		if c.closing.Load() {
			return
		}
		quiet := time.Since(c.Born) - time.Duration(c.sent.Load())
		if rest := interval - quiet; rest > 0 {
			due.Reset(rest)
			continue
		}
		size := rand.IntN(maxKeepAlive)
		binary.BigEndian.PutUint32(message[:], keepAliveMark)
		binary.BigEndian.PutUint32(message[4:], uint32(size))
		crand.Read(message[keepAliveStart : keepAliveStart+size])
		if err := c.sendRecords(message[:keepAliveStart+size]); err != nil {
			if !c.closing.Load() {
				c.drop(err)
			}
			return
		}
		interval = keepAliveInterval(c.timeout)
		due.Reset(interval)
	}
}

// keepAliveInterval returns a random time between a fifth and a half of the session's time-out
// (softether-protocol.md 9.2).
func keepAliveInterval(timeout time.Duration) time.Duration {
	return max(rand.N(timeout/2), timeout/5)
}
