// SPDX-License-Identifier: Apache-2.0

package udpaccel

import "encoding/binary"

// The inside of a packet, big-endian (softether-protocol.md 10.2):
//
//	0  u32 cookie of the receiver
//	4  u64 tick: the sender's clock in ms, never 0
//	12 u64 echo: the highest tick the sender has received, 0 = none yet
//	20 u16 size
//	22 u8  flag: 1 = the frame is compressed
//	23 frame, or nothing: a keep-alive; then up to 31 zero bytes
const (
	cookieAt  = 0
	tickAt    = 4
	echoAt    = 12
	sizeAt    = 20
	flagAt    = 22
	headerLen = 23

	flagCompressed = 1

	maxPadding = 31

	// maxReceived is the longest packet that is accepted, as in the original.
	maxReceived = 2048
)

// header is the header of a packet.
type header struct {
	cookie     uint32
	tick, echo uint64
	size       int
	compressed bool
}

// put writes h to the front of b, which must have at least headerLen bytes.
func (h *header) put(b []byte) {
	binary.BigEndian.PutUint32(b[cookieAt:], h.cookie)
	binary.BigEndian.PutUint64(b[tickAt:], h.tick)
	binary.BigEndian.PutUint64(b[echoAt:], h.echo)
	binary.BigEndian.PutUint16(b[sizeAt:], uint16(h.size))
	b[flagAt] = 0
	if h.compressed {
		b[flagAt] = flagCompressed
	}
}

// parseHeader returns the header at the front of an opened packet and what follows it, without padding; ok is
// false if the packet is shorter than its header claims.
func parseHeader(b []byte) (h header, data []byte, ok bool) {
	if len(b) < headerLen {
		return header{}, nil, false
	}
	h = header{
		cookie:     binary.BigEndian.Uint32(b[cookieAt:]),
		tick:       binary.BigEndian.Uint64(b[tickAt:]),
		echo:       binary.BigEndian.Uint64(b[echoAt:]),
		size:       int(binary.BigEndian.Uint16(b[sizeAt:])),
		compressed: b[flagAt] == flagCompressed,
	}
	end := headerLen + h.size
	if end > len(b) {
		return header{}, nil, false
	}
	return h, b[headerLen:end:end], true
}
