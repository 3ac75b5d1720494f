// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ifreqHardwareAddr is struct ifreq with its ifr_hwaddr (netdevice(7)), which x/sys/unix gives no access to.
// The TUN driver ignores the name: the request is for the device of the descriptor.
type ifreqHardwareAddr struct {
	name   [unix.IFNAMSIZ]byte
	family uint16
	addr   [14]byte
	_      [8]byte
}

// set does SIOCSIFHWADDR on fd, a descriptor of the TUN driver.
func (r *ifreqHardwareAddr) set(fd int) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFHWADDR, uintptr(unsafe.Pointer(r)))
	if errno != 0 {
		return errno
	}
	return nil
}

// The descriptor never blocks, so reads and writes need not be announced to the Go scheduler. Announcing them
// is expensive: the scheduler's monitor thread wakes up for it, 20 µs at a time, and takes the processor away
// from calls that take longer; together a fifth of all CPU time of a loaded tunnel.

// maxStreak is how many reads in a row, without a pause, a device makes before it announces one nevertheless.
// The monitor thread then serves other goroutines, which the reader keeps from running.
const maxStreak = 256

// read reads one frame into b. streak counts the calls since there was nothing to read.
func read(fd int, b []byte, streak *int) (int, error) {
	var n uintptr
	var errno syscall.Errno
	if *streak++; *streak < maxStreak {
		n, _, errno = unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	} else {
		*streak = 0
		n, _, errno = unix.Syscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	}
	if errno == unix.EAGAIN {
		*streak = 0
	}
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// writev writes the pieces in iov as a single frame.
func writev(fd int, iov []unix.Iovec) error {
	_, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(iov))), uintptr(len(iov)))
	if errno != 0 {
		return errno
	}
	return nil
}
