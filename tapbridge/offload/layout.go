// SPDX-License-Identifier: Apache-2.0

package offload

// Lengths and offsets within headers, in bytes.
const (
	etherLen  = 14
	etherType = 12
	vlanLen   = 4

	ip4Len      = 20 // without options
	ip4TOS      = 1
	ip4TotalLen = 2
	ip4ID       = 4
	ip4Flags    = 6
	ip4TTL      = 8
	ip4Proto    = 9
	ip4Checksum = 10
	ip4Src      = 12

	ip6Len        = 40
	ip6Class      = 1 // the lower half of the traffic class, in its upper half
	ip6PayloadLen = 4
	ip6Next       = 6
	ip6Src        = 8

	tcpLen      = 20 // without options
	tcpSeq      = 4
	tcpAck      = 8
	tcpDataOff  = 12
	tcpFlags    = 13
	tcpWindow   = 14
	tcpChecksum = 16
	tcpUrgent   = 18

	udpLen      = 8
	udpLength   = 4
	udpChecksum = 6
)

// Values of header fields.
const (
	typeIP4  = 0x0800
	typeIP6  = 0x86dd
	typeVLAN = 0x8100
	typeQinQ = 0x88a8

	protoTCP = 6
	protoUDP = 17

	flagFIN = 0x01
	flagPSH = 0x08
	flagACK = 0x10
	flagCWR = 0x80

	dontFragment = 0x4000 // in the 16-bit word at ip4Flags

	maxIPLen = 65535 // IPv4 total length and IPv6 payload length are 16 bits
)
