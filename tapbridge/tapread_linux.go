// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"network-manager-softether/frame"
)

const (
	// readSize holds the largest superframe (64 KiB with its headers) and the
	// virtio_net_hdr before it, with some to spare.
	readSize = 65536 + 512
	// maxStrange is how many reads in a row may fail for reasons that may be temporary.
	maxStrange = 100
)

func (r *reader) init(t *TAP) {
	r.buf = make([]byte, readSize)
	r.ready = t.read
}

// Read implements [Device]. It fails with [ErrTAPGone] if the device was deleted, or disappeared with its
// namespace, and with [ErrClosed] after Close.
func (t *TAP) Read(b *frame.Batch) error {
	t.in.batch, t.in.err = b, nil
	err := t.raw.Read(t.in.ready)
	t.in.batch = nil
	return t.explain("read", err, t.in.err)
}

// read takes frames until there are no more or the batch is full. If it got none, it reports false, to be
// called again when the device is readable.
func (t *TAP) read(fd uintptr) bool {
	r := &t.in
	for r.split.Drain(r.batch) {
		n, err := read(int(fd), r.buf, &r.streak)
		switch err {
		case nil:
			r.strange = 0
		case unix.EAGAIN:
			return r.batch.Len() > 0
		case unix.EINTR:
			continue
		case unix.EBADFD, unix.EIO:
			r.err = ErrTAPGone
			return true
		default:
			// The driver reports this for a frame that it cannot describe; that frame is lost.
			if r.strange++; r.strange > maxStrange {
				r.err = os.NewSyscallError("read", err)
				return true
			}
			continue
		}
		if n == 0 { // no driver does that, but giving up is better than a busy loop
			r.err = ErrTAPGone
			return true
		}
		if err := t.load(r.buf[:n]); err != nil && !r.told {
			// Only once, as it may be every frame: somebody has raised the MTU.
			r.told = true
			t.log.Warn("dropped a frame from the host; further ones will not be reported",
				"device", t.name, "length", n, "error", err)
		}
	}
	return true
}

// load passes what was read to the segmenter, which is empty after an error.
func (t *TAP) load(b []byte) error {
	if t.vnet {
		return t.in.split.Load(b)
	}
	return t.in.split.LoadPlain(b)
}

// explain makes one error of what the poller and the device reported. Unless the file was closed by Close,
// the poller's only reason to refuse is that the driver has nothing behind the descriptor any more.
func (t *TAP) explain(op string, poller, device error) error {
	switch {
	case poller == nil && device == nil:
		return nil
	case t.closed.Load():
		device = ErrClosed
	case poller != nil:
		device = fmt.Errorf("%w (%v)", ErrTAPGone, poller)
	}
	return &Error{op, t.name, device}
}
