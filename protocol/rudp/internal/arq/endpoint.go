// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"time"
)

// Waits of the protocol (softether-protocol.md 11.3).
const (
	connectEvery = 200 * time.Millisecond
	keepAliveMin = 2500 * time.Millisecond
	keepAliveMax = 4792 * time.Millisecond
	idleTimeout  = 12 * time.Second
	// linger is how long a closed endpoint waits for the peer to acknowledge everything.
	linger = 500 * time.Millisecond
	// closingSends is how many times the end is announced, as it is not acknowledged.
	closingSends = 5

	never = time.Duration(math.MaxInt64)
)

// Why an Endpoint is over. A farewell of the peer is [io.EOF].
var (
	ErrClosed = errors.New("closed")
	ErrSilent = errors.New("the other side has been silent for 12 s")
)

// An Endpoint is one side of a connection. The time passed to it counts from when it was made and never goes
// back. After each call that changes something, Next is to be called until it returns 0, and again at the
// time given by Timer. An Endpoint is not safe for concurrent use.
type Endpoint struct {
	keys       keys
	initial    key
	send, recv codec
	client     bool
	rng        *rand.ChaCha8

	state   state
	err     error  // when over
	goodbye uint64 // the number that stands for the end; 0: the server does not know it yet
	told    int    // how many times the end has been announced

	out sender
	in  receiver

	connectAt   time.Duration // when the next request is due
	heardAt     time.Duration // when anything came last
	peerTick    uint64        // the other side's clock, as last heard
	heardTick   uint64        // our clock, as the other side last heard it
	keepAliveAt time.Duration
	ackNow      bool          // something has come that is not acknowledged
	closeBy     time.Duration // when closing: when the waiting ends

	acks [8 * Window]byte // of the segment being sent
}

type state uint8

const (
	connecting state = iota // client: nothing genuine heard yet
	established
	closing // Close was called; data is still on its way
	over
)

// NewClient returns the endpoint of a client. masked is for DNS and ICMP. seed must be random, and must never
// be reused.
func NewClient(masked bool, seed [32]byte) *Endpoint {
	rng := rand.NewChaCha8(seed)
	var initial key
	rng.Read(initial[:])
	e := newEndpoint(initial, rng)
	e.client = true
	e.send, e.recv = codec{e.keys.toServer, masked}, codec{e.keys.toClient, masked}
	e.goodbye = 0xffffffff<<32 | rng.Uint64()&0xffffffff
	e.out.write(binary.BigEndian.AppendUint64(nil, e.goodbye))
	return e
}

// NewServer returns the endpoint that answers a connect request with this initial key.
func NewServer(initial [20]byte, masked bool, seed [32]byte) *Endpoint {
	e := newEndpoint(initial, rand.NewChaCha8(seed))
	e.send, e.recv = codec{e.keys.toClient, masked}, codec{e.keys.toServer, masked}
	e.state = established
	return e
}

func newEndpoint(initial key, rng *rand.ChaCha8) *Endpoint {
	e := &Endpoint{keys: deriveKeys(initial), initial: initial, rng: rng, heardTick: tick(0)}
	e.out.init()
	return e
}

// tick is the time as segments carry it, in ms. The peer takes 0 for "never".
func tick(now time.Duration) uint64 { return uint64(now/time.Millisecond) + 1 }

// alive is when the peer last heard us, as far as we know.
func (e *Endpoint) alive() time.Duration { return time.Duration(e.heardTick-1) * time.Millisecond }

// Established reports whether the other side has answered. It stays true.
func (e *Endpoint) Established() bool { return e.state != connecting }

// Err returns why the connection is over, or nil.
func (e *Endpoint) Err() error { return e.err }

// Done reports whether there is nothing more to receive or to send.
func (e *Endpoint) Done() bool { return e.state == over && e.told >= closingSends }

// Receive processes a datagram, which it changes, and reports whether the peer has made it.
func (e *Endpoint) Receive(now time.Duration, b []byte) bool {
	if e.state == over {
		return false
	}
	if initial, ok := InitialKey(b); ok {
		if e.client || initial != e.initial {
			return false
		}
		e.keepAliveAt = now // the peer has not heard us yet
		return true
	}
	s, ok := e.recv.open(b)
	// No honest peer reports a time of our clock that is still to come.
	if !ok || s.yourTick > tick(now) {
		return false
	}
	if e.state == connecting {
		e.state = established
		e.heardTick = tick(now)
		e.keepAliveAt = now + e.keepAlive()
	}
	e.heardAt = now
	e.out.acknowledge(now, &s)
	e.peerTick = max(e.peerTick, s.myTick)
	e.heardTick = max(e.heardTick, s.yourTick)
	switch {
	case s.seq == 0:
	case s.seq == e.goodbye:
		e.finish(io.EOF)
		e.told = closingSends // nobody is listening any more
	case len(s.payload) > 0 && e.in.accept(s.seq, s.payload):
		e.ackNow = true
		e.advance()
	}
	return true
}

// advance puts segments in order and takes out what is not meant for the reader.
func (e *Endpoint) advance() {
	for p := e.in.advance(); p != nil; p = e.in.advance() {
		switch {
		case len(p) == keyLen && key(p) == e.keys.request:
			if e.out.empty() {
				e.out.message(e.keys.response[:])
			}
			e.in.swallow(len(p))
		case len(p) == keyLen && key(p) == e.keys.response:
			e.in.swallow(len(p))
		case !e.client && e.goodbye == 0:
			// A client's stream begins with its farewell. The original also accepts a first segment of fewer
			// bytes; no client sends one.
			if len(p) >= 8 {
				e.goodbye = binary.BigEndian.Uint64(p)
				e.in.swallow(8)
			} else {
				e.in.swallow(len(p))
			}
		}
	}
}

// Write accepts bytes to send, as many as there is room for.
func (e *Endpoint) Write(p []byte) int {
	if e.state > established {
		return 0
	}
	return e.out.write(p)
}

// Read copies received bytes to p. It returns 0 if there are none now; if Err is not nil then, there never
// will be.
func (e *Endpoint) Read(p []byte) int {
	stalled := e.in.stalled()
	n := e.in.take(p)
	if stalled && !e.in.stalled() {
		e.advance()
		e.ackNow = true
	}
	return n
}

// Close ends the connection once the peer has acknowledged everything that was written, or after half a
// second at the latest. Nothing more can be written or read.
func (e *Endpoint) Close(now time.Duration) {
	switch e.state {
	case connecting:
		e.finish(ErrClosed)
		e.told = closingSends // there is nobody to tell
	case established:
		e.state, e.closeBy = closing, now+linger
	}
}

func (e *Endpoint) finish(err error) { e.state, e.err = over, err }
