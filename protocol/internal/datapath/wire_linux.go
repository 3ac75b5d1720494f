// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Wire is the TCP connection below TLS. It can do three things that a *net.TCPConn cannot, all of which
// save time in the kernel and in the scheduler:
//
//   - It collects the TLS records of one batch and passes them to the kernel in one
//     system call (hold, flush). crypto/tls makes a call for each 16 KiB.
//   - It can be read without blocking (readNow), so that the reader gets all records
//     that have already arrived, and superframes become as long as possible.
//   - Its system calls are not announced to the Go scheduler, as they never block. The
//     scheduler's monitor thread would otherwise wake up for each burst of them, 20 µs at a
//     time, and take the processor away from calls that take longer than that.
//
// Reading is for one goroutine at a time, which crypto/tls ensures; everything else is safe for concurrent
// use.
type Wire struct {
	net.Conn
	raw syscall.RawConn

	// for Read
	in         []byte // its argument
	got        int    // its results
	readErr    error
	noWait     bool
	streak     int // reads since there was nothing to read
	onReadable func(fd uintptr) bool

	writing    sync.Mutex // guards what follows
	holding    bool
	held       []byte
	out        []byte // still to be written
	writeErr   error
	congests   bool // the kernel did not accept all of the last write at once
	onWritable func(fd uintptr) bool
}

// maxStreak is how many reads in a row, without a pause, a wire makes before it announces one. The monitor
// thread then serves other goroutines, which the reader keeps from running.
const maxStreak = 256

// burst is how much a wire holds back: the records of the largest batch that a bridge makes.
const burst = 5 * (tlsRecord + 64)

// NewWire returns nil if c is not a socket; TLS then has to use c as it is.
func NewWire(c net.Conn) *Wire {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	w := &Wire{Conn: c, raw: raw}
	// Made once: a method value made in every call would be an allocation.
	w.onReadable, w.onWritable = w.readSocket, w.writeSocket
	return w
}

// NetConn returns the connection below the wire.
func (w *Wire) NetConn() net.Conn { return w.Conn }

// errNothing is what readNow ends with when nothing has arrived. To crypto/tls it looks like a time-out,
// after which reading can go on.
var errNothing net.Error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "nothing to read" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

// Read implements [net.Conn].
func (w *Wire) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	w.in, w.got, w.readErr = p, 0, nil
	err := w.raw.Read(w.onReadable)
	w.in = nil
	if err == nil {
		err = w.readErr
	}
	return w.got, err
}

// readNow reads from src, the TLS connection on top of w, what is available without blocking, perhaps
// nothing.
func (w *Wire) readNow(src io.Reader, p []byte) (int, error) {
	w.noWait = true
	n, err := src.Read(p)
	w.noWait = false
	if err == errNothing {
		err = nil
	}
	return n, err
}

// readSocket is Read once the socket may be readable. It reports false to be called again.
func (w *Wire) readSocket(fd uintptr) bool {
	for {
		var n uintptr
		var errno syscall.Errno
		if w.streak++; w.streak < maxStreak {
			n, _, errno = unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.in))), uintptr(len(w.in)))
		} else {
			w.streak = 0
			n, _, errno = unix.Syscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.in))), uintptr(len(w.in)))
		}
		switch errno {
		case 0:
			if w.got = int(n); n == 0 {
				w.readErr = io.EOF
			}
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			w.streak = 0
			if w.noWait {
				w.readErr = errNothing
			}
			return w.noWait
		default:
			w.readErr = w.opError("read", errno)
			return true
		}
	}
}

// Write implements [net.Conn].
func (w *Wire) Write(p []byte) (int, error) {
	w.writing.Lock()
	defer w.writing.Unlock()
	if w.holding && len(w.held)+len(p) <= cap(w.held) {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	// To keep the order, what is held goes first.
	if err := w.release(); err != nil {
		return 0, err
	}
	return len(p), w.toKernel(p)
}

// hold collects what is written from now on until flush, unless it gets too much.
func (w *Wire) hold() {
	w.writing.Lock()
	defer w.writing.Unlock()
	if w.held == nil {
		w.held = make([]byte, 0, burst)
	}
	w.holding = true
}

// flush writes what was held.
func (w *Wire) flush() error {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.holding = false
	return w.release()
}

// congested reports whether the network is slower than we are. Passing on much at once then gains nothing,
// and would take long.
func (w *Wire) congested() bool {
	w.writing.Lock()
	defer w.writing.Unlock()
	return w.congests
}

// release writes what is held. The caller holds writing.
func (w *Wire) release() error {
	if len(w.held) == 0 {
		return nil
	}
	err := w.toKernel(w.held)
	w.held = w.held[:0]
	return err
}

// toKernel writes all of p. The caller holds writing.
func (w *Wire) toKernel(p []byte) error {
	w.out, w.writeErr, w.congests = p, nil, false
	err := w.raw.Write(w.onWritable)
	w.out = nil
	if err == nil {
		err = w.writeErr
	}
	return err
}

// writeSocket is toKernel once the socket may be writable. It reports false to be called again.
func (w *Wire) writeSocket(fd uintptr) bool {
	for len(w.out) > 0 {
		n, _, errno := unix.RawSyscall(unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.out))), uintptr(len(w.out)))
		switch errno {
		case 0:
			w.out = w.out[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			w.congests = true
			return false
		default:
			w.writeErr = w.opError("write", errno)
			return true
		}
	}
	return true
}

func (w *Wire) opError(op string, errno syscall.Errno) error {
	local := w.LocalAddr()
	return &net.OpError{Op: op, Net: local.Network(), Source: local, Addr: w.RemoteAddr(), Err: os.NewSyscallError(op, errno)}
}
