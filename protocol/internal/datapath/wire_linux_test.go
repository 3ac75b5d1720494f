// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
