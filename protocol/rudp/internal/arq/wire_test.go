// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// A weather is how badly a wire treats datagrams.
type weather struct {
	lose, double, delayed float64       // shares of all datagrams, 0 to 1
	delay, jitter         time.Duration // of each; a delayed one takes jitter more
}

// A world is two endpoints, the wire between them and the clock. Nothing in it
// happens by chance: rng decides.
type world struct {
	t              *testing.T
	rng            *rand.Rand
	now            time.Duration
	weather        weather
	client, server *Endpoint
	sky            []flying
	flown          int // datagrams handed to the wire
	got            map[*Endpoint][]byte
	deaf           map[*Endpoint]bool // does not read
}

type flying struct {
	at time.Duration
	to *Endpoint // nil: the server that is not there yet
	b  []byte
}

func newWorld(t *testing.T, seed uint64, w weather) *world {
	return &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), weather: w,
		client: NewClient(seed%2 == 0, [32]byte{byte(seed), 1}),
		got:    map[*Endpoint][]byte{}, deaf: map[*Endpoint]bool{},
	}
}

func (w *world) send(to *Endpoint, b []byte) {
	w.flown++
	if w.rng.Float64() < w.weather.lose {
		return
	}
	for range 1 + w.chance(w.weather.double) {
		at := w.now + w.weather.delay
		if w.chance(w.weather.delayed) == 1 {
			at += time.Duration(w.rng.Int64N(int64(w.weather.jitter) + 1))
		}
		w.sky = append(w.sky, flying{at, to, bytes.Clone(b)})
	}
}

func (w *world) chance(p float64) int {
	if w.rng.Float64() < p {
		return 1
	}
	return 0
}

// settle lets both sides send and read what they can now.
func (w *world) settle() {
	for _, e := range []*Endpoint{w.client, w.server} {
		if e == nil {
			continue
		}
		buf := make([]byte, MaxDatagram)
		if !w.deaf[e] {
			for n := e.Read(buf[:1+w.rng.IntN(600)]); n > 0; n = e.Read(buf[:1+w.rng.IntN(600)]) {
				w.got[e] = append(w.got[e], buf[:n]...)
			}
		}
		for n := e.Next(w.now, buf); n > 0; n = e.Next(w.now, buf) {
			if n > MaxDatagram {
				w.t.Fatalf("a datagram of %d bytes", n)
			}
			w.send(w.other(e), buf[:n])
		}
		if at := e.Timer(); at <= w.now && !e.Done() {
			w.t.Fatalf("at %v: nothing to send, and yet the timer is at %v", w.now, at)
		}
	}
}

func (w *world) other(e *Endpoint) *Endpoint {
	if e == w.client {
		return w.server
	}
	return w.client
}

// step goes to the next moment at which something happens, no later than until.
func (w *world) step(until time.Duration) {
	w.settle()
	next := min(until, w.client.Timer())
	if w.server != nil {
		next = min(next, w.server.Timer())
	}
	for _, f := range w.sky {
		next = min(next, f.at)
	}
	w.now = max(w.now, next)
	var later, due []flying
	for _, f := range w.sky {
		if f.at <= w.now {
			due = append(due, f)
		} else {
			later = append(later, f)
		}
	}
	w.sky = later
	for _, f := range due {
		if f.to != nil {
			f.to.Receive(w.now, f.b)
		} else if initial, ok := InitialKey(f.b); ok && w.server == nil {
			w.server = NewServer(initial, w.client.send.masked, [32]byte{9})
		} else if w.server != nil {
			w.server.Receive(w.now, f.b)
		}
	}
}

// run goes on until done, or fails when limit has passed.
func (w *world) run(limit time.Duration, done func() bool) {
	w.t.Helper()
	until := w.now + limit
	for !done() {
		if w.now >= until {
			w.t.Fatalf("not done after %v (client: %v, server over: %v)", limit, w.client.Err(), w.server != nil && w.server.Err() != nil)
		}
		w.step(until)
	}
	w.settle()
}

// pass lets d go by.
func (w *world) pass(d time.Duration) {
	for until := w.now + d; w.now < until; {
		w.step(until)
	}
	w.settle()
}

func (w *world) connect() {
	w.t.Helper()
	w.run(time.Minute, func() bool { return w.client.Established() })
}

// feed writes data into e as it takes it, from within a done function.
func feed(e *Endpoint, data []byte) []byte { return data[e.Write(data):] }

func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

var weathers = map[string]weather{
	"fine":       {delay: 5 * time.Millisecond},
	"no delay":   {},
	"loss":       {lose: 0.2, delay: 20 * time.Millisecond},
	"reordering": {delayed: 0.3, delay: 10 * time.Millisecond, jitter: 80 * time.Millisecond},
	"doubling":   {double: 0.5, delay: 10 * time.Millisecond},
	"far away":   {lose: 0.01, delay: 300 * time.Millisecond, delayed: 0.1, jitter: 100 * time.Millisecond},
	"hell":       {lose: 0.3, double: 0.2, delayed: 0.3, delay: 40 * time.Millisecond, jitter: 300 * time.Millisecond},
}

// Whatever the wire does, bytes arrive exactly, in order, in both directions.
func TestBytesArriveExactly(t *testing.T) {
	for name, weather := range weathers {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				w := newWorld(t, seed, weather)
				w.connect()
				up, down := noise(w.rng, 60_000+w.rng.IntN(1000)), noise(w.rng, 40_000)
				restUp, restDown := up, down
				w.run(10*time.Minute, func() bool {
					restUp = restUp[w.client.Write(restUp[:min(len(restUp), 1+w.rng.IntN(3000))]):]
					if w.server != nil {
						restDown = feed(w.server, restDown)
					}
					return len(w.got[w.server]) >= len(up) && len(w.got[w.client]) >= len(down)
				})
				if !bytes.Equal(w.got[w.server], up) || !bytes.Equal(w.got[w.client], down) {
					t.Fatalf("seed %d: other bytes came than were sent", seed)
				}
			}
		})
	}
}

// What was written before Close arrives, and then the end.
func TestCloseDeliversFirst(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(t, seed, weather{lose: 0.05, delay: 10 * time.Millisecond})
		w.connect()
		data := noise(w.rng, 20_000)
		if rest := feed(w.client, data); len(rest) > 0 {
			t.Fatal("does not take 20,000 bytes")
		}
		w.client.Close(w.now)
		if n := w.client.Write([]byte("more")); n != 0 {
			t.Fatal("takes bytes after Close")
		}
		w.run(2*time.Second, func() bool { return w.client.Done() && w.server.Err() != nil })
		if !bytes.Equal(w.got[w.server], data) || w.server.Err() != io.EOF {
			t.Errorf("seed %d: %d of %d bytes came, then %v", seed, len(w.got[w.server]), len(data), w.server.Err())
		}
	}
}
