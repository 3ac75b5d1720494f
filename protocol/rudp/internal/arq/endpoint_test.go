// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// outcome sends what e has to send now and returns the opened segments.
func outcome(t testing.TB, e *Endpoint, now time.Duration) (list []segment) {
	t.Helper()
	b := make([]byte, MaxDatagram)
	for n := e.Next(now, b); n > 0; n = e.Next(now, b) {
		s, ok := e.send.open(bytes.Clone(b[:n]))
		if !ok {
			t.Fatalf("sends %d bytes that are no segment", n)
		}
		list = append(list, s)
	}
	return list
}

// deliver hands e a segment as its peer would make it.
func deliver(e *Endpoint, now time.Duration, s segment) bool {
	b := make([]byte, MaxDatagram)
	return e.Receive(now, b[:e.recv.seal(b, &s, new(key), 7)])
}

// connected returns a client that has heard its server at time 0, and has sent
// what there was to send.
func connected(t testing.TB) *Endpoint {
	t.Helper()
	e := NewClient(false, [32]byte{1})
	if !deliver(e, 0, segment{myTick: 500, seq: 1}) {
		t.Fatal("does not take a server's first segment")
	}
	outcome(t, e, 0)
	deliver(e, 0, segment{myTick: 500, yourTick: 1, maxAck: 1, seq: 1})
	return e
}

func TestConnectRequests(t *testing.T) {
	e := NewClient(false, [32]byte{1})
	b := make([]byte, MaxDatagram)
	var first []byte
	for i := range 5 {
		now := time.Duration(i) * connectEvery
		n := e.Next(now, b)
		if n != 39 {
			t.Fatalf("request %d has %d bytes, want 39", i, n)
		}
		if first == nil {
			first = bytes.Clone(b[:n])
		} else if !bytes.Equal(first[:20], b[:20]) {
			t.Error("the initial key changes")
		} else if bytes.Equal(first[20:], b[20:n]) {
			t.Error("the rest is not random")
		}
		if n := e.Next(now+connectEvery-1, b); n != 0 {
			t.Error("does not wait 200 ms between requests")
		}
		if e.Timer() != now+connectEvery {
			t.Errorf("timer at %v, want %v", e.Timer(), now+connectEvery)
		}
	}
	if e.Receive(0, first) {
		t.Error("a client takes a connect request")
	}
	if e.Established() {
		t.Error("established without an answer")
	}
}

func TestServerGreetsAtOnceAndAgain(t *testing.T) {
	initial := [20]byte(counting(1))
	e := NewServer(initial, false, [32]byte{1})
	if got := outcome(t, e, 0); len(got) != 1 || !bytes.Equal(got[0].payload, e.keys.request[:]) {
		t.Fatalf("the first segment is %+v, want a request for a sign of life", got)
	}
	request := append(initial[:], make([]byte, 19)...)
	if !e.Receive(time.Second, bytes.Clone(request)) {
		t.Error("does not know its client's request")
	}
	request[0] ^= 1
	if e.Receive(time.Second, request) {
		t.Error("takes somebody else's request")
	}
}

func TestKeepAlive(t *testing.T) {
	e := connected(t)
	at := e.Timer()
	if at < keepAliveMin || at > keepAliveMax {
		t.Fatalf("asks for a sign of life after %v, want %v to %v", at, keepAliveMin, keepAliveMax)
	}
	if got := outcome(t, e, at-1); len(got) > 0 {
		t.Errorf("too early: %+v", got)
	}
	got := outcome(t, e, at)
	if len(got) != 1 || !bytes.Equal(got[0].payload, e.keys.request[:]) || got[0].seq != 2 {
		t.Fatalf("sends %+v, want a request for a sign of life", got)
	}
	// A request from the other side is answered, as nothing else waits.
	deliver(e, at, segment{myTick: 600, yourTick: tick(at), maxAck: 2, seq: 1, payload: e.keys.request[:]})
	got = outcome(t, e, at)
	if len(got) != 1 || !bytes.Equal(got[0].payload, e.keys.response[:]) || got[0].maxAck != 1 || got[0].yourTick != 599 {
		t.Errorf("answers %+v", got)
	}
	// While something waits, that is answer enough.
	deliver(e, at, segment{myTick: 601, yourTick: tick(at), maxAck: 2, seq: 2, payload: e.keys.request[:]})
	if got = outcome(t, e, at); len(got) != 1 || len(got[0].payload) > 0 || got[0].maxAck != 2 {
		t.Errorf("answers %+v, want a mere acknowledgement", got)
	}
	deliver(e, at, segment{myTick: 602, yourTick: tick(at), maxAck: 2, seq: 3, payload: e.keys.response[:]})
	if n := e.Read(make([]byte, 100)); n != 0 {
		t.Errorf("%d bytes of keep-alives reach the reader", n)
	}
}

func TestSilenceIsDeath(t *testing.T) {
	for name, speak := range map[string]func(e *Endpoint, now time.Duration){
		"silence": func(*Endpoint, time.Duration) {},
		// It speaks, but has not heard us: our datagrams do not get through.
		"a deaf peer": func(e *Endpoint, now time.Duration) {
			deliver(e, now, segment{myTick: tick(now), yourTick: 1, maxAck: 1, seq: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := connected(t)
			var now time.Duration
			for ; e.Err() == nil && now < time.Minute; now += 100 * time.Millisecond {
				speak(e, now)
				outcome(t, e, now)
			}
			if now < idleTimeout || now > idleTimeout+time.Second || !errors.Is(e.Err(), ErrSilent) {
				t.Errorf("over after %v with %v", now, e.Err())
			}
			if !e.Done() || e.Timer() != never {
				t.Error("and yet it has something to do")
			}
		})
	}
	t.Run("a peer that hears", func(t *testing.T) {
		e := connected(t)
		for now := time.Duration(0); now < time.Hour; now += 3 * time.Second {
			deliver(e, now, segment{myTick: tick(now), yourTick: tick(now), maxAck: e.out.next - 1, seq: 1})
			outcome(t, e, now)
		}
		if e.Err() != nil {
			t.Errorf("over after an hour: %v", e.Err())
		}
	})
}

func TestLiesAreIgnored(t *testing.T) {
	for name, s := range map[string]segment{
		"a clock of ours in the future": {myTick: 501, yourTick: 1000, maxAck: 1, seq: 1, payload: []byte("x")},
		"number 0":                      {myTick: 501, maxAck: 1, seq: 0, payload: []byte("x")},
		"beyond the window":             {myTick: 501, maxAck: 1, seq: Window + 1, payload: []byte("x")},
		"a longer payload than any":     {myTick: 501, maxAck: 1, seq: 1, payload: make([]byte, maxPayload+1)},
		"a farewell that is not ours":   {myTick: 501, maxAck: 1, seq: 0xffffffff00000000},
	} {
		t.Run(name, func(t *testing.T) {
			e := connected(t)
			deliver(e, time.Millisecond, s)
			if n := e.Read(make([]byte, 600)); n != 0 || e.Err() != nil {
				t.Errorf("read %d bytes, error %v", n, e.Err())
			}
			if got := outcome(t, e, time.Millisecond); len(got) > 0 {
				t.Errorf("acknowledges it: %+v", got)
			}
		})
	}
	t.Run("acknowledgements of what was never sent", func(t *testing.T) {
		e := connected(t)
		deliver(e, 0, segment{myTick: 501, maxAck: 1 << 60, acks: numbers(1<<50, Window), seq: 1})
		e.Write([]byte("x"))
		if got := outcome(t, e, 0); len(got) != 1 || got[0].seq != 2 || e.out.empty() {
			t.Errorf("sends %+v", got)
		}
	})
}

// FuzzEndpoint: whatever an authentic peer says, and whenever, memory and time are
// bounded, and every datagram sent is well-formed.
func FuzzEndpoint(f *testing.F) {
	f.Add(uint64(1), uint64(1), uint64(1), uint64(1), []byte("x"), []byte{0, 0, 0, 0, 0, 0, 0, 1}, uint32(5))
	f.Add(uint64(0), uint64(0), ^uint64(0), uint64(64), make([]byte, 512), []byte{}, ^uint32(0))
	f.Fuzz(func(t *testing.T, my, your, maxAck, seq uint64, payload, acks []byte, ms uint32) {
		e := connected(t)
		e.Write(make([]byte, 100_000))
		var now time.Duration
		b := make([]byte, 2*MaxDatagram+len(payload)+len(acks))
		acks = acks[:min(len(acks)/8, Window)*8]
		for i := range uint64(30) {
			s := segment{myTick: my, yourTick: your % (tick(now) + 1), maxAck: maxAck + i, seq: seq + i*i, payload: payload, acks: acks}
			e.Receive(now, b[:e.recv.seal(b, &s, new(key), 7)])
			if n := len(outcome(t, e, now)); n > 2*Window {
				t.Fatalf("answers one datagram by %d", n)
			}
			now += time.Duration(ms % 10_000 * uint32(time.Millisecond))
		}
		if e.out.next-e.out.base > sendSlots || e.in.complete-e.in.read > recvSlots {
			t.Error("keeps too much")
		}
	})
}
