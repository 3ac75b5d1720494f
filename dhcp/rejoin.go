// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// Fields of a BOOTP message that may also contain options (RFC 2131 4.1).
const (
	snameOffset, snameLen = 44, 64
	fileOffset, fileLen   = 108, 128
	fixedLen              = 240 // up to and with the magic cookie
)

// Bits of option 52.
const (
	overloadFile  = 1
	overloadSname = 2
)

// maxPiece is how much of an option fits after one code.
const maxPiece = 255

// rejoin returns message with all its options in the field meant for them, each piece of a split option under
// the code that it belongs to. The codec then joins the pieces; it cannot do all of this itself, as it
// forgets the order of codes.
//
//   - Options continue in the fields for the boot file and the server's name, in this order,
//     if option 52 says so (RFC 3396 5).
//   - Option 250 continues whatever stands right before it. This is Microsoft's way of splitting,
//     which SecureNAT uses for options 121 and 249. Elsewhere the number is free for private use,
//     so it counts as a continuation only of these two and of pieces that are full.
//
// It reports false for a message that ends inside an option. The end option may be missing: some servers fill
// a message completely.
func rejoin(message []byte) ([]byte, bool) {
	if len(message) < fixedLen {
		return nil, false
	}
	j := joiner{out: slices.Concat(message[:fixedLen:fixedLen])}
	if !j.field(message[fixedLen:]) || len(j.overload) > 1 {
		return nil, false
	}
	if len(j.overload) == 1 {
		where := j.overload[0]
		if where&overloadFile != 0 && !j.field(message[fileOffset:fileOffset+fileLen]) {
			return nil, false
		}
		if where&overloadSname != 0 && !j.field(message[snameOffset:snameOffset+snameLen]) {
			return nil, false
		}
	}
	return append(j.out, dhcpv4.OptionEnd.Code()), true
}

// joiner is a message that rejoin is building.
type joiner struct {
	out      []byte
	overload []byte // the value of option 52
	code     uint8  // of the last piece, which a continuation belongs to; 0: none
	length   int    // of the last piece
}

// field adds the options of one field.
func (j *joiner) field(b []byte) bool {
	for len(b) > 0 {
		code := b[0]
		switch code {
		case dhcpv4.OptionPad.Code():
			b = b[1:]
			continue
		case dhcpv4.OptionEnd.Code():
			return true
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return false
		}
		value := b[2 : 2+int(b[1])]
		b = b[2+len(value):]
		if code == optOverload {
			j.overload = append(j.overload, value...)
			continue
		}
		if code == optLong && j.continued() {
			code = j.code
		}
		j.out = append(j.out, code, uint8(len(value)))
		j.out = append(j.out, value...)
		j.code, j.length = code, len(value)
	}
	return true
}

// continued reports whether option 250 may continue the last piece.
func (j *joiner) continued() bool {
	return j.code != 0 && (j.length == maxPiece || bytes.IndexByte([]byte{optClassless, optClasslessMS}, j.code) >= 0)
}
