// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/softethertest"
)

// wirePair returns a wire and its peer. With unix.SOCK_SEQPACKET, one Read of the peer
// returns what one system call has written.
func wirePair(t *testing.T, kind int) (*Wire, net.Conn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	var conns [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socketpair")
		if conns[i], err = net.FileConn(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
		t.Cleanup(func() { conns[i].Close() })
		conns[i].SetDeadline(time.Now().Add(10 * time.Second))
	}
	return NewWire(conns[0]), conns[1]
}

// packet returns what one system call of the other side has written.
func packet(t *testing.T, c net.Conn) string {
	t.Helper()
	buf := make([]byte, 2*burst)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func send(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if n, err := io.WriteString(w, s); n != len(s) || err != nil {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(s), err)
	}
}

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

func TestReadingInAHurryDoesNotWait(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_STREAM)
	buf := make([]byte, 10)
	if n, err := w.readNow(w, buf); n != 0 || err != nil {
		t.Errorf("nothing to read, got %d bytes and %v", n, err)
	}
	send(t, peer, "abc")
	if n, err := w.readNow(w, buf); n != 3 || err != nil {
		t.Errorf("3 bytes to read, got %d and %v", n, err)
	}
	if n, err := w.readNow(w, buf[:0]); n != 0 || err != nil {
		t.Errorf("no room, got %d bytes and %v", n, err)
	}
	peer.Close()
	if n, err := w.readNow(w, buf); n != 0 || err != io.EOF {
		t.Errorf("closed, got %d bytes and %v", n, err)
	}
}

// TLS must be able to go on after a Read in a hurry has found only a part of a record.
func TestTLSGoesOnAfterReadingInAHurry(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_STREAM)
	relay, far := net.Pipe() // between peer and the server: bytes go through one at a time
	defer relay.Close()
	server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{softethertest.NewCertificate(new(x509.Certificate))}})
	go server.Handshake()
	go io.Copy(relay, peer) // what the client says
	handshake := make(chan error)
	client := tls.Client(w, &tls.Config{InsecureSkipVerify: true})
	go func() { handshake <- client.Handshake() }()
	one := make([]byte, 1)
	step := func() bool {
		relay.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := relay.Read(one); err != nil {
			return false
		}
		_, err := peer.Write(one)
		return err == nil
	}
	for done := false; !done; {
		select {
		case err := <-handshake:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
			step()
		}
	}
	const message = "hello over a slow line"
	sent := make(chan error, 1)
	go func() { _, err := io.WriteString(server, message); sent <- err }()
	var got []byte
	buf := make([]byte, 100)
	for range 5000 {
		step()
		n, err := w.readNow(client, buf)
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, buf[:n]...); len(got) >= len(message) {
			break
		}
	}
	if string(got) != message {
		t.Errorf("got %q, want %q", got, message)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestWireFailsAsSocketsDo(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_STREAM)
	buf := make([]byte, 10)
	w.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := w.Read(buf); !timedOut(err) {
		t.Errorf("silence until the deadline: %v", err)
	}
	w.SetReadDeadline(time.Time{})
	send(t, w, "unread") // a busy computer comes to the next write behind its deadline
	w.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := w.Write(make([]byte, 16<<20)); !timedOut(err) {
		t.Errorf("full until the deadline: %v", err)
	}
	w.SetWriteDeadline(time.Time{})
	peer.Close()
	var op *net.OpError
	if _, err := w.Write(buf); !errors.Is(err, unix.EPIPE) || !errors.As(err, &op) || op.Op != "write" {
		t.Errorf("write to a closed peer: %v", err)
	}
	if _, err := w.Read(buf); !errors.Is(err, unix.ECONNRESET) || !errors.As(err, &op) || op.Op != "read" {
		t.Errorf("read from a peer that closed with data unread: %v", err)
	}
	w.Close()
	if _, err := w.Read(buf); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after Close: %v", err)
	}
	w.hold()
	send(t, w, "held")
	if err := w.flush(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("flush after Close: %v", err)
	}
}

func TestOnlySocketsHaveWires(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if w := NewWire(a); w != nil {
		t.Errorf("a pipe in memory has the wire %v", w)
	}
	w, _ := wirePair(t, unix.SOCK_STREAM)
	if w.NetConn() != w.Conn {
		t.Error("NetConn is not what is below")
	}
}

func TestWireAllocatesNothing(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_STREAM)
	other := NewWire(peer)
	record, buf := make([]byte, tlsRecord), make([]byte, 8*tlsRecord)
	if n := testing.AllocsPerRun(100, func() {
		w.hold()
		for range maxRecords {
			w.Write(record)
		}
		if w.flush() != nil {
			t.Error("flush failed")
		}
		for got := 0; got < maxRecords*tlsRecord; {
			n, err := other.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got += n
		}
		other.readNow(other, buf)
	}); n != 0 {
		t.Errorf("%v allocations a batch, want 0", n)
	}
}
