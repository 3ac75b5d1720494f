// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of a receiver. Buffers are as large as what the kernel may coalesce; memory that is never written to
// is never allocated.
const (
	receiveMessages = 16
	receiveBuffer   = 64 << 10
)

// SocketBuffer is how many bytes the socket of a session should be able to hold, so that nothing is lost
// while the receiver does something else. Setting it takes CAP_NET_ADMIN, so a process that gives that up has
// to dial beforehand.
const SocketBuffer = 4 << 20

// joinedControl is room for the control message that tells the size of the packets in a message.
type joinedControl struct {
	unix.Cmsghdr
	size int32
	_    int32
}

// A receiver takes many messages in one call, each of which may be several packets that the kernel has
// coalesced (UDP_GRO). It is used by one goroutine.
type receiver struct {
	raw     syscall.RawConn
	msgs    [receiveMessages]unix.Mmsghdr
	iovs    [receiveMessages]unix.Iovec
	control [receiveMessages]joinedControl
	bufs    [receiveMessages][]byte
	n       int
	errno   syscall.Errno
	call    func(fd uintptr) bool
	calls   uint64
}

func newReceiver(raw syscall.RawConn) *receiver {
	r := &receiver{raw: raw}
	raw.Control(func(fd uintptr) {
		// All of it is optional, and one of the last two is always for the other IP version.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1)
		// The kernel returns twice what was asked for (socket(7)).
		had, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
		if had < 2*SocketBuffer && unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, SocketBuffer) != nil {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, SocketBuffer)
		}
		// Let routers fragment: a path whose MTU is never reported must not swallow full frames.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT)
	})
	buf := make([]byte, receiveMessages*receiveBuffer)
	for i := range r.msgs {
		r.bufs[i] = buf[i*receiveBuffer : (i+1)*receiveBuffer]
		r.iovs[i].Base = &r.bufs[i][0]
		r.iovs[i].SetLen(receiveBuffer)
		h := &r.msgs[i].Hdr
		h.Iov = &r.iovs[i]
		h.SetIovlen(1)
		h.Control = (*byte)(unsafe.Pointer(&r.control[i]))
	}
	r.call = r.recvmmsg
	return r
}

// refuseAll is a socket filter that accepts nothing (socket(7), SO_ATTACH_FILTER).
var refuseAll = [1]unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}

// refuse makes the kernel discard whatever arrives, or stops that, and reports whether it could.
func (r *receiver) refuse(on bool) bool {
	var err error
	cerr := r.raw.Control(func(fd uintptr) {
		if on {
			err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
				&unix.SockFprog{Len: uint16(len(refuseAll)), Filter: &refuseAll[0]})
		} else {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
		}
	})
	return err == nil && cerr == nil
}

// receive blocks until there are messages and returns how many.
func (r *receiver) receive() (int, error) {
	for i := range r.msgs {
		r.msgs[i].Hdr.SetControllen(int(unsafe.Sizeof(r.control[i])))
		r.control[i].Level = 0
	}
	if err := r.raw.Read(r.call); err != nil {
		return 0, err
	}
	if r.errno != 0 {
		return 0, r.errno
	}
	return r.n, nil
}

// message returns message i and the size of all packets in it but the last.
func (r *receiver) message(i int) (b []byte, size int) {
	b = r.bufs[i][:min(int(r.msgs[i].Len), receiveBuffer)]
	if c := &r.control[i]; r.msgs[i].Hdr.Controllen > 0 && c.Level == unix.IPPROTO_UDP && c.Type == unix.UDP_GRO && c.size > 0 {
		return b, int(c.size)
	}
	return b, len(b)
}

// recvmmsg does not announce the call to the Go scheduler, as it never blocks: that would wake up the
// scheduler's monitor thread for every burst of packets.
func (r *receiver) recvmmsg(fd uintptr) bool {
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.msgs[0])), receiveMessages, unix.MSG_DONTWAIT, 0, 0)
		r.calls++
		switch e {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		r.n, r.errno = int(n), e
		return true
	}
}
