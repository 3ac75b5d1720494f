// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/internal/inetsum"
	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
)

// A captured packet is what an interface was given: a frame, or one of many segments.
type captured struct {
	vnet     vnetHeader
	data     []byte
	outgoing bool
}

// vnetHeader is struct virtio_net_hdr: what the network card still has to do for the packet.
type vnetHeader struct {
	needsChecksum bool
	kind          byte // of segments; 0: this is one frame
	size          int  // of the segments' payload
}

// The kinds of segments.
const (
	tcp4Segments = 1
	tcp6Segments = 4
	udpSegments  = 5
	ecnFlag      = 0x80
)

const vnetHeaderBytes = 10

// A capture records what passes an interface.
type capture struct {
	t       *testing.T
	socket  *netns.Capture
	packets []captured
	fail    error
}

// captureOn begins to record. The socket sees superframes whole, and all else as it comes.
func captureOn(t *testing.T, h *netns.Host, device string) *capture {
	t.Helper()
	socket, err := h.NewCapture(device, 512<<20, 500*time.Millisecond, true)
	if err != nil {
		t.Fatal(err)
	}
	return &capture{t: t, socket: socket}
}

// read takes all packets until none comes for half a second.
func (c *capture) read() {
	until := time.Now().Add(perTest)
	if c.readUntil(until); c.fail == nil && time.Now().After(until) {
		c.fail = errors.New("capture: packets never cease to come")
	}
}

// readOn takes the packets of another half second. There may be others for long: the server goes on sending UDP to a
// session that has ended, until it forgets it.
func (c *capture) readOn() { c.readUntil(time.Now().Add(500 * time.Millisecond)) }

// readUntil takes packets until none comes for half a second, and those that wait at that time at the latest.
func (c *capture) readUntil(end time.Time) {
	buf := make([]byte, 1<<17)
	for {
		flags := 0
		if time.Now().After(end) {
			flags = unix.MSG_DONTWAIT
		}
		n, from, err := unix.Recvfrom(c.socket.FD, buf, flags)
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN) { // as it was when the capture began
			continue
		}
		if err != nil || n < vnetHeaderBytes {
			c.fail = fmt.Errorf("capture: %d bytes, %w", n, err)
			return
		}
		b := append([]byte(nil), buf[:n]...)
		c.packets = append(c.packets, captured{
			vnet:     vnetHeader{needsChecksum: b[0]&1 != 0, kind: b[1] &^ ecnFlag, size: int(binary.NativeEndian.Uint16(b[4:]))},
			data:     b[vnetHeaderBytes:],
			outgoing: from.(*unix.SockaddrLinklayer).Pkttype == unix.PACKET_OUTGOING,
		})
	}
	c.fail = c.socket.Missed()
}

// end waits until nothing comes any more and returns what was captured.
func (c *capture) end() []captured {
	c.t.Helper()
	c.read()
	return c.taken()
}

// taken ends a capture that was read.
func (c *capture) taken() []captured {
	c.t.Helper()
	c.socket.Close()
	if c.fail != nil {
		c.t.Fatal(c.fail)
	}
	return c.packets
}

// split makes the frames of a packet the slow and obvious way, as the standards say, sharing nothing with the code under
// test: each segment has the headers of the whole, with its own length, number, flags and checksums.
func split(p captured) ([][]byte, error) {
	l3, l4, proto, fragment, err := lab.Layers(p.data)
	if err != nil || fragment {
		return [][]byte{p.data}, err
	}
	if p.vnet.kind == 0 {
		if p.vnet.needsChecksum {
			putTransportSum(p.data, l3, l4, proto)
		}
		return [][]byte{p.data}, nil
	}
	head := l4 + 8
	if p.vnet.kind != udpSegments {
		head = l4 + int(p.data[l4+12]>>4)*4
	}
	payload := p.data[head:]
	var frames [][]byte
	for at := 0; at < len(payload); at += p.vnet.size {
		piece := payload[at:min(at+p.vnet.size, len(payload))]
		f := append(append([]byte(nil), p.data[:head]...), piece...)
		first, last := at == 0, at+len(piece) == len(payload)
		if f[l3]>>4 == 4 {
			binary.BigEndian.PutUint16(f[l3+2:], uint16(len(f)-l3))
			binary.BigEndian.PutUint16(f[l3+4:], binary.BigEndian.Uint16(f[l3+4:])+uint16(len(frames)))
			binary.BigEndian.PutUint16(f[l3+10:], 0)
			binary.BigEndian.PutUint16(f[l3+10:], ^inetsum.Of(f[l3:l4]))
		} else {
			binary.BigEndian.PutUint16(f[l3+4:], uint16(len(f)-l3-40))
		}
		if proto == unix.IPPROTO_UDP {
			binary.BigEndian.PutUint16(f[l4+4:], uint16(len(f)-l4))
		} else {
			binary.BigEndian.PutUint32(f[l4+4:], binary.BigEndian.Uint32(f[l4+4:])+uint32(at))
			if !last {
				f[l4+13] &^= 0x01 | 0x08 // FIN, PSH
			}
			if !first {
				f[l4+13] &^= 0x80 // CWR
			}
		}
		putTransportSum(f, l3, l4, proto)
		frames = append(frames, f)
	}
	return frames, nil
}

// transportSum is the sum over the pseudo header and the transport header with its payload: all ones if it is right.
func transportSum(f []byte, l3, l4 int, proto byte) uint16 {
	addrs := f[l3+12 : l3+20]
	end := l3 + int(binary.BigEndian.Uint16(f[l3+2:]))
	if f[l3]>>4 == 6 {
		addrs, end = f[l3+8:l3+40], l3+40+int(binary.BigEndian.Uint16(f[l3+4:]))
	}
	length := end - l4
	return inetsum.Of(addrs, []byte{0, proto, byte(length >> 8), byte(length)}, f[l4:end])
}

func putTransportSum(f []byte, l3, l4 int, proto byte) {
	at := map[byte]int{unix.IPPROTO_TCP: 16, unix.IPPROTO_UDP: 6, unix.IPPROTO_ICMPV6: 2, unix.IPPROTO_ICMP: 2}[proto]
	binary.BigEndian.PutUint16(f[l4+at:], 0)
	sum := ^transportSum(f, l3, l4, proto)
	if sum == 0 && proto == unix.IPPROTO_UDP {
		sum = 0xffff // 0 would mean none
	}
	binary.BigEndian.PutUint16(f[l4+at:], sum)
}

// verify checks the checksums of a frame.
func verify(f []byte) error {
	l3, l4, proto, fragment, err := lab.Layers(f)
	switch {
	case err != nil:
		return err
	case f[l3]>>4 == 4 && inetsum.Of(f[l3:l4]) != 0xffff:
		return errors.New("the IP checksum is wrong")
	case !fragment && (proto == unix.IPPROTO_TCP || proto == unix.IPPROTO_UDP) && transportSum(f, l3, l4, proto) != 0xffff:
		return errors.New("the checksum of TCP or UDP is wrong")
	}
	return nil
}

// flowKey is what frames have in common that have to stay in order.
func flowKey(f []byte) (string, bool) {
	l3, l4, proto, fragment, err := lab.Layers(f)
	if err != nil || proto != unix.IPPROTO_TCP && proto != unix.IPPROTO_UDP && !fragment {
		return "", false
	}
	addrs := f[l3+12 : l3+20]
	if f[l3]>>4 == 6 {
		addrs = f[l3+8 : l3+40]
	}
	half := len(addrs) / 2
	key := fmt.Sprintf("%v > %v, protocol %d", net.IP(addrs[:half]), net.IP(addrs[half:]), proto)
	if !fragment {
		key += fmt.Sprintf(", ports %d > %d", binary.BigEndian.Uint16(f[l4:]), binary.BigEndian.Uint16(f[l4+2:]))
	}
	return key, true
}
