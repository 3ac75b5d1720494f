// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"testing"
	"time"
)

// A peer that does not read is not sent more than there is room for, and the
// connection lives on until it does.
func TestNobodyReads(t *testing.T) {
	w := newWorld(t, 1, weather{delay: 10 * time.Millisecond})
	w.connect()
	w.deaf[w.client] = true
	data := noise(w.rng, 300_000)
	rest := data
	for range 30 {
		w.pass(time.Second)
		rest = feed(w.server, rest)
	}
	taken := len(data) - len(rest)
	if most := (recvSlots + sendSlots) * maxPayload; taken > most || taken < most/2 {
		t.Errorf("%d bytes were taken from the writer, while nobody reads; want less than %d", taken, most)
	}
	if w.client.Err() != nil || w.server.Err() != nil {
		t.Fatalf("over: %v, %v", w.client.Err(), w.server.Err())
	}
	w.deaf[w.client] = false
	w.run(5*time.Second, func() bool { rest = feed(w.server, rest); return len(w.got[w.client]) == len(data) })
	if !bytes.Equal(w.got[w.client], data) {
		t.Error("other bytes came than were sent")
	}
}

// On a wire that loses nothing, nothing is sent twice, and few datagrams are
// mere acknowledgements.
func TestNoWaste(t *testing.T) {
	w := newWorld(t, 1, weather{delay: 30 * time.Millisecond})
	w.connect()
	data := noise(w.rng, 500_000)
	rest := data
	w.flown = 0
	w.run(time.Minute, func() bool { rest = feed(w.client, rest); return len(w.got[w.server]) == len(data) })
	segments := len(data)/maxPayload + 2
	if order := w.client.out.order; order > uint64(segments)+5 {
		t.Errorf("%d transmissions of %d segments", order, segments)
	}
	if w.flown > 2*segments+10 {
		t.Errorf("%d datagrams for %d segments", w.flown, segments)
	}
}

// A segment that is lost among others is sent again after a round trip, not after
// the retransmission timer.
func TestLossIsNoticedEarly(t *testing.T) {
	e := connected(t)
	e.Write(make([]byte, 8*maxPayload))
	if n := len(outcome(t, e, 0)); n != 8 {
		t.Fatalf("sends %d segments, want 8", n)
	}
	const rtt = 30 * time.Millisecond
	deliver(e, rtt, segment{myTick: 501, yourTick: 1, maxAck: 1, acks: numbers(3, 2), seq: 1})
	if got := outcome(t, e, rtt); len(got) > 0 {
		t.Errorf("takes a little reordering for loss: %+v", got)
	}
	deliver(e, rtt, segment{myTick: 501, yourTick: 1, maxAck: 1, acks: numbers(3, 4), seq: 1})
	got := outcome(t, e, rtt)
	if len(got) != 1 || got[0].seq != 2 {
		t.Fatalf("sends %+v, want segment 2 again", got)
	}
	deliver(e, rtt, segment{myTick: 501, yourTick: 1, maxAck: 1, acks: numbers(3, 5), seq: 1})
	if got := outcome(t, e, rtt); len(got) > 0 {
		t.Errorf("sends it a third time at once: %+v", got)
	}
}

// The timer of a segment that nobody acknowledges doubles up to 4.792 s.
func TestRetransmissionTimer(t *testing.T) {
	e := connected(t)
	e.out.rtt = rtt{}
	e.Write([]byte("x"))
	var at []time.Duration
	for now := time.Duration(0); now < idleTimeout; now += time.Millisecond {
		if len(outcome(t, e, now)) > 0 {
			at = append(at, now.Round(10*time.Millisecond))
		}
	}
	want := []time.Duration{0, 200, 600, 1400, 3000, 6200, 10990}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if len(at) != len(want) {
		t.Fatalf("sent at %v, want %v", at, want)
	}
	for i := range want {
		if at[i] != want[i] {
			t.Errorf("sent at %v, want %v", at, want)
			break
		}
	}
}

func TestRoundTripEstimate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		samples []time.Duration
		tries   int
		want    time.Duration
	}{
		{"nothing known", nil, 1, 200 * time.Millisecond},
		{"nothing known, sent twice", nil, 2, 400 * time.Millisecond},
		{"one sample", []time.Duration{100 * time.Millisecond}, 1, 300 * time.Millisecond},
		{"steady", repeat(100*time.Millisecond, 100), 1, 100 * time.Millisecond},
		{"a LAN", repeat(200*time.Microsecond, 100), 1, minResend},
		{"a clock that stands still", repeat(0, 100), 1, minResend},
		{"the moon", repeat(3*time.Second, 100), 1, 3 * time.Second},
		{"the moon, sent twice", repeat(3*time.Second, 100), 2, maxResend},
		{"very often", nil, 1000, maxResend},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r rtt
			for _, d := range tt.samples {
				r.sample(d)
			}
			if got := r.resend(tt.tries); got < tt.want || got > tt.want+time.Millisecond {
				t.Errorf("resends after %v, want %v", got, tt.want)
			}
		})
	}
}

func repeat(d time.Duration, n int) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = d
	}
	return list
}

// The original acknowledges each number once, in a list; that is enough for us.
func TestAcknowledgedByListOnly(t *testing.T) {
	e := connected(t)
	e.Write(make([]byte, (sendSlots-1)*maxPayload))
	if n := len(outcome(t, e, 0)); n != Window {
		t.Fatalf("%d segments are on their way, want %d", n, Window)
	}
	deliver(e, 0, segment{myTick: 501, yourTick: 1, acks: numbers(2, Window), seq: 1})
	if n := len(outcome(t, e, 0)); n != sendSlots-1-Window {
		t.Errorf("then %d more, want %d", n, sendSlots-1-Window)
	}
}

func TestStreamAllocatesNothing(t *testing.T) {
	client := NewClient(false, [32]byte{1})
	server := NewServer([20]byte(client.initial), false, [32]byte{2})
	b, data := make([]byte, MaxDatagram), make([]byte, 2000)
	var now time.Duration
	round := func() {
		now += time.Millisecond
		for _, e := range []*Endpoint{client, server} {
			e.Write(data)
			for n := e.Next(now, b); n > 0; n = e.Next(now, b) {
				if e == client {
					server.Receive(now, b[:n])
				} else {
					client.Receive(now, b[:n])
				}
			}
			for e.Read(data) > 0 {
			}
		}
	}
	for range 10 {
		round()
	}
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("a round trip of 2000 bytes allocates %v times", n)
	}
	if client.in.complete < 100 || server.in.complete < 100 {
		t.Errorf("nothing flows: %d, %d", client.in.complete, server.in.complete)
	}
}

// What comes while there is no room is kept, but the peer is not told before somebody reads, and then at once.
func TestNothingIsAcknowledgedWhileNobodyReads(t *testing.T) {
	e := connected(t)
	hear := func(seq uint64) {
		deliver(e, 0, segment{myTick: 500, yourTick: 1, maxAck: 1, seq: seq, payload: []byte("x")})
	}
	const room = recvSlots - Window
	for seq := range uint64(room) {
		hear(1 + seq)
	}
	outcome(t, e, 0)
	for _, seq := range []uint64{room + 1, room + 3} {
		hear(seq)
		if got := outcome(t, e, 0); len(got) > 0 {
			t.Errorf("answers segment %d with %+v", seq, got)
		}
	}
	e.Write([]byte("y"))
	if got := outcome(t, e, 0); len(got) != 1 || got[0].maxAck != room || got[0].numAcks() > 0 {
		t.Errorf("sends %+v, want acknowledgements up to %d", got, room)
	}
	if n := e.Read(make([]byte, 2)); n != 2 {
		t.Errorf("read %d bytes", n)
	}
	if got := outcome(t, e, 0); len(got) != 1 || got[0].maxAck != room+1 || got[0].numAcks() != 1 || got[0].ack(0) != room+3 {
		t.Errorf("sends %+v, want acknowledgements up to %d and of %d", got, room+1, room+3)
	}
}
