// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A sighting is a packet that passed one of the client's interfaces.
type sighting struct {
	at       time.Time // by the kernel
	tap      bool      // on the TAP: a ping or its answer; else on the wire, to or from the server, with data
	outgoing bool
	ping     uint32 // identifier and sequence number
}

// watch observes all interfaces of h from now on, until the function that it returns is called, which returns
// what passed: pings on the TAP, and elsewhere what the client and the server exchange.
func watch(h *netns.Host, tap string) (func() ([]sighting, error), error) {
	link, err := h.Net.LinkByName(tap)
	if err != nil {
		return nil, err
	}
	var fd int
	const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xffff // in network byte order
	err = h.Do(func() (err error) {
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, all); err != nil {
			return os.NewSyscallError("socket", err)
		}
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20))
		if err != nil {
			unix.Close(fd)
		}
		return os.NewSyscallError("setsockopt", err)
	})
	if err != nil {
		return nil, err
	}
	return func() ([]sighting, error) {
		defer unix.Close(fd)
		var seen []sighting
		buf, oob := make([]byte, 1<<17), make([]byte, 128)
		for {
			n, oobn, _, from, err := unix.Recvmsg(fd, buf, oob, 0)
			if errors.Is(err, unix.EAGAIN) {
				return seen, nil
			}
			if err != nil {
				return nil, os.NewSyscallError("recvmsg", err)
			}
			ll, ok := from.(*unix.SockaddrLinklayer)
			at, stamped := stampOf(oob[:oobn])
			if !ok || !stamped {
				continue
			}
			s := sighting{at: at, tap: ll.Ifindex == link.Attrs().Index, outgoing: ll.Pkttype == unix.PACKET_OUTGOING}
			if s.read(buf[:n]) {
				seen = append(seen, s)
			}
		}
	}, nil
}

// stampOf returns when the kernel saw a packet.
func stampOf(oob []byte) (time.Time, bool) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return time.Time{}, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			ts := (*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
			return time.Unix(ts.Unix()), true
		}
	}
	return time.Time{}, false
}

// read reports whether p, an IPv4 packet, is one of those that are looked for.
func (s *sighting) read(p []byte) bool {
	if len(p) < 20 || p[0]>>4 != 4 {
		return false
	}
	header, length := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	body := p[min(header, len(p)):min(max(length, header), len(p))]
	const echo, echoReply = 8, 0
	if s.tap {
		if p[9] != unix.IPPROTO_ICMP || len(body) < 8 || s.outgoing && body[0] != echo || !s.outgoing && body[0] != echoReply {
			return false
		}
		s.ping = binary.BigEndian.Uint32(body[4:])
		return true
	}
	if p[9] != unix.IPPROTO_TCP || len(body) < 20 || len(body) == int(body[12]>>4)*4 {
		return false
	}
	peer := netip.AddrFrom4([4]byte(p[12:16]))
	if s.outgoing {
		peer = netip.AddrFrom4([4]byte(p[16:20]))
	}
	return peer == plan.ServerAddr
}

// shares returns, for each ping that was answered, the milliseconds that the client had it: from the TAP to
// the wire, and the answer from the wire to the TAP. Anything else on the wire meanwhile is rare on an idle
// network.
func shares(seen []sighting) []float64 {
	asked := map[uint32]int{}
	var out []float64
	for i, s := range seen {
		if !s.tap {
			continue
		}
		if s.outgoing {
			asked[s.ping] = i
			continue
		}
		from, ok := asked[s.ping]
		if !ok {
			continue
		}
		var sent, got time.Time
		for _, w := range seen[from:i] {
			switch {
			case w.tap:
			case !w.outgoing:
				got = w.at // the last
			case sent.IsZero():
				sent = w.at
			}
		}
		if !sent.IsZero() && got.After(sent) {
			out = append(out, float64((sent.Sub(seen[from].at)+s.at.Sub(got)).Nanoseconds())/1e6)
		}
	}
	return out
}
