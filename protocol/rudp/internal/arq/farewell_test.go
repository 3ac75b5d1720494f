// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"io"
	"testing"
)

// The first bytes of a client's stream are the number of its farewell.
func TestFarewellNumberComesFirst(t *testing.T) {
	e := NewClient(false, [32]byte{1})
	deliver(e, 0, segment{myTick: 1, seq: 1})
	e.Write([]byte("hello"))
	got := outcome(t, e, 0)
	if len(got) != 1 || got[0].seq != 1 || len(got[0].payload) != 13 || string(got[0].payload[8:]) != "hello" ||
		!bytes.Equal(got[0].payload[:4], []byte{255, 255, 255, 255}) {
		t.Errorf("sends %+v", got)
	}
}

func TestFarewell(t *testing.T) {
	e := connected(t)
	e.Close(0)
	got := outcome(t, e, 0)
	if len(got) != 5 {
		t.Fatalf("says farewell %d times, want 5", len(got))
	}
	for _, s := range got {
		if s.seq != e.goodbye || len(s.payload) > 0 {
			t.Errorf("says %+v", s)
		}
	}
	if !e.Done() || e.Err() != ErrClosed {
		t.Errorf("done %v, error %v", e.Done(), e.Err())
	}
	// Where nobody acknowledges, the endpoint does not wait for ever.
	e = connected(t)
	e.Write([]byte("lost"))
	e.Close(0)
	outcome(t, e, 0)
	if e.Done() {
		t.Error("does not wait for the acknowledgement")
	}
	outcome(t, e, linger)
	if !e.Done() {
		t.Errorf("not done %v after Close", linger)
	}
	// An endpoint that never heard its peer has nobody to say farewell to.
	e = NewClient(false, [32]byte{2})
	e.Close(0)
	if n := e.Next(0, make([]byte, MaxDatagram)); n != 0 || !e.Done() {
		t.Errorf("sends %d bytes, done %v", n, e.Done())
	}
}

func TestPeerSaysFarewell(t *testing.T) {
	e := connected(t)
	deliver(e, 0, segment{myTick: 501, seq: 1, payload: []byte("last words")})
	deliver(e, 0, segment{myTick: 501, seq: e.goodbye})
	if e.Err() != io.EOF {
		t.Errorf("error %v, want EOF", e.Err())
	}
	b := make([]byte, 100)
	if n := e.Read(b); string(b[:n]) != "last words" {
		t.Errorf("read %q", b[:n])
	}
	if got := outcome(t, e, 0); len(got) > 0 {
		t.Errorf("answers a farewell: %+v", got)
	}
}
