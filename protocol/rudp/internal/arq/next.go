// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"time"
)

// Next writes the next datagram that is due into b, which must have room for [MaxDatagram], and returns its
// length, or 0.
func (e *Endpoint) Next(now time.Duration, b []byte) int {
	switch {
	case e.state == connecting:
		return e.request(now, b)
	case e.state == over:
	case now-e.alive() >= idleTimeout:
		e.finish(ErrSilent)
	case e.state == closing && (e.out.empty() || now >= e.closeBy):
		e.finish(ErrClosed)
	}
	if e.state == over {
		if e.told >= closingSends || e.goodbye == 0 {
			e.told = closingSends
			return 0
		}
		e.told++
		return e.seal(now, b, e.goodbye, nil)
	}
	if seq, payload := e.out.take(now); seq != 0 {
		e.keepAliveAt = now + e.keepAlive()
		return e.seal(now, b, seq, payload)
	}
	if e.out.empty() && now >= e.keepAliveAt {
		e.out.message(e.keys.request[:])
		e.keepAliveAt = now + e.keepAlive()
		seq, payload := e.out.take(now)
		return e.seal(now, b, seq, payload)
	}
	if e.ackNow {
		return e.seal(now, b, e.out.next, nil)
	}
	return 0
}

// request writes a connect request if one is due.
func (e *Endpoint) request(now time.Duration, b []byte) int {
	if now < e.connectAt {
		return 0
	}
	e.connectAt = now + connectEvery
	copy(b, e.initial[:])
	e.rng.Read(b[keyLen:connectLen])
	return connectLen
}

func (e *Endpoint) seal(now time.Duration, b []byte, seq uint64, payload []byte) int {
	e.ackNow = false
	var iv key
	e.rng.Read(iv[:])
	// One less than heard, as in the original, so that a measured round trip is never 0.
	heard := e.peerTick
	if heard >= 2 {
		heard--
	}
	s := segment{
		myTick: tick(now), yourTick: heard, maxAck: e.in.complete, seq: seq,
		acks: e.in.acks(e.acks[:0]), payload: payload,
	}
	return e.send.seal(b, &s, &iv, 1+int(e.rng.Uint64()%maxPadding))
}

// Timer returns when Next will have something to send if nothing else happens; it may be in the past. The
// largest Duration means never.
func (e *Endpoint) Timer() time.Duration {
	switch e.state {
	case connecting:
		return e.connectAt
	case over:
		if e.Done() {
			return never
		}
		return 0
	}
	if e.ackNow {
		return 0
	}
	at := min(e.alive()+idleTimeout, e.out.timer())
	if e.out.empty() {
		at = min(at, e.keepAliveAt)
	}
	if e.state == closing {
		at = min(at, e.closeBy)
		if e.out.empty() {
			at = 0
		}
	}
	return at
}

// keepAlive is how long to be silent before asking for a sign of life.
func (e *Endpoint) keepAlive() time.Duration {
	return keepAliveMin + time.Duration(e.rng.Uint64()%uint64(keepAliveMax-keepAliveMin))
}
