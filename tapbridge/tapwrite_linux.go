// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"os"

	"golang.org/x/sys/unix"

	"network-manager-softether/tapbridge/offload"
)

// maxRefused is how many superframes in a row the kernel may refuse before no more are made. Some old vendor
// kernels offer IFF_VNET_HDR but then refuse superframes.
const maxRefused = 8

func (w *writer) init(t *TAP) {
	w.ready = t.write
	w.merge = t.vnet
	w.join = offload.NewCoalescer(t.usoOK)
	w.iov = make([]unix.Iovec, 0, offload.MaxParts)
}

// Write implements [Device]. Frames are lost while the device is down. It fails with
// [ErrTAPGone] when the device was deleted, and with [ErrClosed] after Close.
func (t *TAP) Write(frames [][]byte) (int, error) {
	w := &t.out
	w.frames, w.took, w.err = frames, 0, nil
	err := t.raw.Write(w.ready)
	w.frames = nil
	return w.took, t.explain("write", err, w.err)
}

// write writes all frames. It never asks to be called again: what the device does not accept at once is lost.
func (t *TAP) write(fd uintptr) bool {
	w := &t.out
	for len(w.frames) > 0 && w.err == nil {
		n := w.join.Load(w.frames, w.merge)
		for parts := w.join.Next(); parts != nil && w.err == nil; parts = w.join.Next() {
			if !t.vnet {
				parts = parts[1:] // a device without IFF_VNET_HDR
			}
			t.put(int(fd), parts)
		}
		w.frames = w.frames[n:]
	}
	return true
}

// put writes one (super)frame.
func (t *TAP) put(fd int, parts [][]byte) {
	w := &t.out
	w.iov = w.iov[:0]
	for _, p := range parts {
		if len(p) == 0 {
			continue
		}
		v := unix.Iovec{Base: &p[0]}
		v.SetLen(len(p))
		w.iov = append(w.iov, v)
	}
	err := writev(fd, w.iov)
	for err == unix.EINTR {
		err = writev(fd, w.iov)
	}
	segments := w.join.Segments()
	switch err {
	case nil:
		w.took += w.join.Frames()
		if segments > 1 {
			w.refused = 0
		}
	case unix.EBADFD:
		w.err = ErrTAPGone
	case unix.EIO, unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM: // down, or no memory: lost
	default:
		if segments == 1 {
			if !w.told {
				w.told = true
				t.log.Warn("the device refused a frame; further ones will not be reported",
					"device", t.name, "error", os.NewSyscallError("writev", err))
			}
			return
		}
		w.join.Unmerge()
		if w.refused++; w.refused == maxRefused {
			w.merge = false
			t.log.Warn("the kernel refuses superframes, using one system call per frame",
				"device", t.name, "error", os.NewSyscallError("writev", err))
		}
	}
}
