// SPDX-License-Identifier: Apache-2.0

// Package dnswire hides a datagram in a DNS message (softether-protocol.md 11.3).
// A query asks for the DNSKEY (48) of a random name and carries the datagram in
// what looks like an EDNS(0) option; an answer carries it in what looks like a key.
package dnswire

import (
	"encoding/binary"
	"encoding/hex"
)

// Lengths in bytes of what precedes the datagram.
const (
	QueryLen  = 37
	AnswerLen = 42

	nameAt  = 13 // of the 8 letters of the name
	nameEnd = nameAt + 8
)

// The parts that are the same in every message: flags and counts, and what follows the name.
const (
	queryHead  = "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x08"
	queryTail  = "\x00\x00\x30\x00\x01\x00\x00\x29\x10\x00\x00\x00\x80\x00"
	answerHead = "\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x08"
	answerTail = "\x00\x00\x30\x00\x01\xc0\x0c\x00\x30\x00\x01"
	answerKey  = "\x01\x00\x03\x08"
)

// PutQuery writes a query in front of the datagram b[QueryLen:].
func PutQuery(b []byte, id uint16, name [4]byte) {
	binary.BigEndian.PutUint16(b, id)
	copy(b[2:], queryHead)
	hex.Encode(b[nameAt:], name[:])
	copy(b[nameEnd:], queryTail)
	binary.BigEndian.PutUint16(b[QueryLen-2:], uint16(len(b)-QueryLen))
}

// PutAnswer writes an answer to the query id in front of the datagram
// b[AnswerLen:]. ttl is in seconds.
func PutAnswer(b []byte, id uint16, name [4]byte, ttl uint32) {
	binary.BigEndian.PutUint16(b, id)
	copy(b[2:], answerHead)
	hex.Encode(b[nameAt:], name[:])
	n := nameEnd + copy(b[nameEnd:], answerTail)
	binary.BigEndian.PutUint32(b[n:], ttl)
	binary.BigEndian.PutUint16(b[n+4:], uint16(len(b)-AnswerLen+len(answerKey)))
	copy(b[n+6:], answerKey)
}

// Query returns the datagram in a query, and its id.
func Query(b []byte) (id uint16, datagram []byte, ok bool) {
	if len(b) <= QueryLen || string(b[2:nameAt]) != queryHead || string(b[nameEnd:QueryLen-2]) != queryTail ||
		int(binary.BigEndian.Uint16(b[QueryLen-2:])) != len(b)-QueryLen {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(b), b[QueryLen:], true
}

// Answer returns the datagram in an answer. Like the original it ignores the ID, as a server sends many
// answers to one query, and everything else, which devices on the way like to change; the datagram is signed.
func Answer(b []byte) (datagram []byte, ok bool) {
	if len(b) <= AnswerLen {
		return nil, false
	}
	return b[AnswerLen:], true
}
