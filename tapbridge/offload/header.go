// SPDX-License-Identifier: Apache-2.0

package offload

import "encoding/binary"

// HeaderLen is the length of an encoded [Header], the size the kernel assumes
// unless TUNSETVNETHDRSZ says otherwise.
const HeaderLen = 10

// Values of Header.Flags and Header.GSOType (linux/virtio_net.h).
const (
	needsChecksum = 1 // FlagNeedsCsum: finish the checksum that starts at CsumStart

	gsoNone = 0
	gsoTCP4 = 1
	gsoTCP6 = 4
	gsoUDP  = 5    // USO: one datagram per segment, not fragments
	gsoECN  = 0x80 // added to gsoTCP*: CWR may be set, and belongs to the first segment only
)

// Header is struct virtio_net_hdr: what one side of a TAP device leaves for the other to do with the frame
// that follows.
type Header struct {
	Flags      uint8
	GSOType    uint8
	HdrLen     uint16 // bytes of headers before the payload; the kernel's own value is only a hint
	GSOSize    uint16 // bytes of payload per segment
	CsumStart  uint16 // where checksumming starts: the transport header, from the start of the frame
	CsumOffset uint16 // where the checksum goes, from CsumStart
}

// decode reads h from b, which must have at least HeaderLen bytes. The fields are in the machine's own byte
// order, as in a TAP device without TUNSETVNETLE.
func (h *Header) decode(b []byte) {
	_ = b[HeaderLen-1]
	h.Flags, h.GSOType = b[0], b[1]
	h.HdrLen = binary.NativeEndian.Uint16(b[2:])
	h.GSOSize = binary.NativeEndian.Uint16(b[4:])
	h.CsumStart = binary.NativeEndian.Uint16(b[6:])
	h.CsumOffset = binary.NativeEndian.Uint16(b[8:])
}

// encode writes h to b, which must have room for HeaderLen bytes.
func (h *Header) encode(b []byte) {
	_ = b[HeaderLen-1]
	b[0], b[1] = h.Flags, h.GSOType
	binary.NativeEndian.PutUint16(b[2:], h.HdrLen)
	binary.NativeEndian.PutUint16(b[4:], h.GSOSize)
	binary.NativeEndian.PutUint16(b[6:], h.CsumStart)
	binary.NativeEndian.PutUint16(b[8:], h.CsumOffset)
}
