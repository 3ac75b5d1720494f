// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"errors"
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of a sender, per system call.
const (
	sendMessages = 64
	sendBuffer   = 160 << 10 // bytes of packets: a full batch of the TAP, sealed
	sendWait     = time.Second
)

// segmentControl is a control message that tells the size of the packets in a message.
type segmentControl struct {
	unix.Cmsghdr
	size uint16
	_    [6]byte
}

// A sender collects packets and passes them to the kernel together: similar packets as one message
// (UDP_SEGMENT), and many messages in one call. It is used by one goroutine at a time.
type sender struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	// segment is the longest packet that the kernel splits a message into; 0: it does not split.
	segment  int
	deadline time.Time // set on conn

	buf     []byte // of packets; full ones first
	msgs    [sendMessages]unix.Mmsghdr
	iovs    [sendMessages]unix.Iovec
	control [sendMessages]segmentControl
	n, done int // messages collected, sent
	errno   syscall.Errno
	call    func(fd uintptr) bool // sendmmsg until done or full
	calls   uint64
}

func newSender(conn *net.UDPConn, raw syscall.RawConn, segment int) *sender {
	s := &sender{conn: conn, raw: raw, buf: make([]byte, 0, sendBuffer)}
	raw.Control(func(fd uintptr) {
		if _, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT); err == nil {
			s.segment = segment
		}
	})
	for i := range s.msgs {
		s.msgs[i].Hdr.Iov = &s.iovs[i]
		s.msgs[i].Hdr.SetIovlen(1)
		c := &s.control[i]
		c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
	}
	s.call = s.sendmmsg
	return s
}

// room reports whether a message of n bytes can still be collected.
func (s *sender) room(n int) bool { return s.n < len(s.msgs) && cap(s.buf)-len(s.buf) >= n }

// next returns n bytes for the packets of the next message, each of size bytes except the last.
func (s *sender) next(n, size int) []byte {
	start := len(s.buf)
	s.buf = s.buf[:start+n]
	p := s.buf[start:]
	h := &s.msgs[s.n].Hdr
	s.iovs[s.n].Base = &p[0]
	s.iovs[s.n].SetLen(n)
	h.Control = nil
	h.SetControllen(0)
	if n > size {
		s.control[s.n].size = uint16(size)
		h.Control = (*byte)(unsafe.Pointer(&s.control[s.n]))
		h.SetControllen(unix.CmsgSpace(2))
	}
	s.n++
	return p
}

// flush sends what has been collected. It waits briefly for room in the socket's buffer. Packets that do not
// get out for want of memory are lost, as they could be anywhere.
func (s *sender) flush() error {
	defer func() { s.buf, s.n, s.done = s.buf[:0], 0, 0 }()
	if now := time.Now(); s.deadline.Sub(now) < sendWait {
		s.deadline = now.Add(2 * sendWait)
		s.conn.SetWriteDeadline(s.deadline)
	}
	refused := false
	for s.done < s.n {
		s.errno = 0
		if err := s.raw.Write(s.call); err != nil {
			return err
		}
		switch s.errno {
		case 0:
		case unix.ENOBUFS, unix.ENOMEM:
			s.done++
		case unix.EINVAL, unix.EIO, unix.EMSGSIZE:
			h := &s.msgs[s.done].Hdr
			if h.Control == nil {
				return s.errno
			}
			// The route's MTU is too small for segments of that size, or it cannot take segments at all.
			if s.segment = int(s.control[s.done].size) - 1; s.errno == unix.EIO {
				s.segment = 0
			}
			if err := s.split(s.done); err != nil {
				return err
			}
			s.done++
		case unix.ECONNREFUSED:
			// An ICMP error about an earlier packet; this one was not sent.
			if refused {
				return s.errno
			}
			refused = true
		default:
			return s.errno
		}
	}
	return nil
}

// split sends the packets of message i one by one.
func (s *sender) split(i int) error {
	size := int(s.control[i].size)
	p := unsafe.Slice(s.iovs[i].Base, s.iovs[i].Len)
	for len(p) > 0 {
		n := min(size, len(p))
		if _, err := s.conn.Write(p[:n]); err != nil && !errors.Is(err, unix.ENOBUFS) {
			return err
		}
		p = p[n:]
	}
	return nil
}

// sendmmsg does not announce the call to the Go scheduler, see recvmmsg.
func (s *sender) sendmmsg(fd uintptr) bool {
	for s.done < s.n {
		r, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&s.msgs[s.done])), uintptr(s.n-s.done), unix.MSG_DONTWAIT, 0, 0)
		s.calls++
		switch e {
		case 0:
			s.done += int(r)
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			s.errno = e
			return true
		}
	}
	return true
}
