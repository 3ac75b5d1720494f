// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"bytes"
	"crypto/rand"
	"io"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhatIsHeldLeavesInOneCall(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_SEQPACKET)
	send(t, w, "before")
	w.hold()
	send(t, w, "one ")
	send(t, w, "two")
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	send(t, w, "after")
	for _, want := range []string{"before", "one two", "after"} {
		if got := packet(t, peer); got != want {
			t.Errorf("a system call wrote %q, want %q", got, want)
		}
	}
	w.hold()
	if err := w.flush(); err != nil {
		t.Errorf("flush of nothing: %v", err)
	}
}

// recordStream writes as crypto/tls does, one record at a time.
type recordStream struct{ *Wire }

func (s recordStream) CloseWrite() error { return nil }

func (s recordStream) Write(b []byte) (int, error) {
	n := 0
	for r := range slices.Chunk(b, tlsRecord) {
		m, err := s.Wire.Write(r)
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func TestBatchIsOneCallUnlessTheNetworkIsSlow(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_SEQPACKET)
	c := NewConn(Link{Stream: recordStream{w}, Raw: w.Conn, Wire: w}, nil, testTimeout)
	batch := make([]byte, maxRecords*tlsRecord-4)
	if err := c.sendRecords(batch); err != nil {
		t.Fatal(err)
	}
	if got := len(packet(t, peer)); got != len(batch) {
		t.Errorf("the first system call wrote %d bytes, want all %d", got, len(batch))
	}
	w.congests = true
	if err := c.sendRecords(batch); err != nil {
		t.Fatal(err)
	}
	if got := len(packet(t, peer)); got != tlsRecord {
		t.Errorf("a system call wrote %d bytes to a slow network, want one record of %d", got, tlsRecord)
	}
}

func TestNoMoreIsHeldThanABurst(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_SEQPACKET)
	w.hold()
	send(t, w, "first ")
	big := string(bytes.Repeat([]byte("x"), burst))
	send(t, w, big)
	send(t, w, "last")
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first ", big, "last"} {
		if got := packet(t, peer); got != want {
			t.Errorf("a system call wrote %.10q... (%d bytes), want %.10q... (%d)", got, len(got), want, len(want))
		}
	}
}

func TestSlowPeerGetsAllAndIsNoticed(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_STREAM)
	if send(t, w, "x"); w.congested() {
		t.Error("congested after one byte")
	}
	data := make([]byte, 4<<20)
	rand.Read(data)
	got := make(chan []byte)
	go func() {
		b := make([]byte, 1+len(data))
		io.ReadFull(peer, b)
		got <- b[1:]
	}()
	send(t, w, string(data))
	if !bytes.Equal(<-got, data) {
		t.Error("what arrived is not what was written")
	}
	if !w.congested() {
		t.Error("not congested after more than the socket holds")
	}
	if send(t, w, "x"); w.congested() {
		t.Error("congested although the peer has taken all")
	}
}
