// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"

	"network-manager-softether/internal/rc4"
)

// Lengths of a segment (softether-protocol.md 11.3). All are bytes but Window.
const (
	// Window is how many segments may be on their way, and how many selective
	// acknowledgements a segment carries at most.
	Window     = 64
	maxPayload = 512
	// maxPadding is what we append; the other side may append up to 255.
	maxPadding = 32

	segmentHead = 2 * keyLen        // signature, initialization vector
	segmentBody = 8 + 8 + 8 + 4 + 8 // ticks, max_ack, num_ack, seq
	segmentMin  = segmentHead + segmentBody + 1
	maxSent     = segmentHead + segmentBody + 8*Window + maxPayload + maxPadding

	// MaxDatagram is the longest datagram that an Endpoint sends or accepts.
	MaxDatagram = segmentHead + segmentBody + 8*Window + maxPayload + 255
)

// A segment is the content of a datagram. Acks and payload are views of the datagram.
type segment struct {
	myTick, yourTick uint64 // ms: the sender's clock, the receiver's clock as last heard
	maxAck           uint64 // all up to this have arrived
	seq              uint64 // number of the payload; without payload, of the next one
	acks             []byte // of single segments beyond maxAck, 8 bytes each
	payload          []byte
}

// numAcks and ack read the selective acknowledgements.
func (s *segment) numAcks() int     { return len(s.acks) / 8 }
func (s *segment) ack(i int) uint64 { return binary.BigEndian.Uint64(s.acks[8*i:]) }

// A codec seals or opens the segments of one direction.
type codec struct {
	key    key
	masked bool // over DNS and ICMP
}

// seal writes s into b, which must have room for maxSent bytes, after an initialization vector and before
// padding bytes of padding, and returns its length.
func (c *codec) seal(b []byte, s *segment, iv *key, padding int) int {
	copy(b, c.key[:])
	copy(b[keyLen:], iv[:])
	p := b[:segmentHead]
	p = binary.BigEndian.AppendUint64(p, s.myTick)
	p = binary.BigEndian.AppendUint64(p, s.yourTick)
	p = binary.BigEndian.AppendUint64(p, s.maxAck)
	p = binary.BigEndian.AppendUint32(p, uint32(s.numAcks()))
	p = append(p, s.acks...)
	p = binary.BigEndian.AppendUint64(p, s.seq)
	p = append(p, s.payload...)
	for range padding {
		p = append(p, byte(padding))
	}
	c.crypt(iv, p[segmentHead:])
	sign := c.sign(p)
	copy(p, sign[:])
	return len(p)
}

// genuine reports whether b was signed with the key. It leaves b unchanged.
func (c *codec) genuine(b []byte) bool {
	if len(b) < segmentMin || len(b) > MaxDatagram {
		return false
	}
	given := key(b)
	copy(b, c.key[:])
	want := c.sign(b)
	copy(b, given[:])
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// open reads a segment and decrypts it in place. ok is false if it was not signed with the key or makes no
// sense; nothing of it may be used then.
func (c *codec) open(b []byte) (s segment, ok bool) {
	if !c.genuine(b) {
		return s, false
	}
	p := b[segmentHead:]
	c.crypt((*key)(b[keyLen:]), p)
	padding := int(p[len(p)-1])
	if padding == 0 || padding > len(p)-segmentBody {
		return s, false
	}
	p = p[:len(p)-padding]
	s.myTick = binary.BigEndian.Uint64(p)
	s.yourTick = binary.BigEndian.Uint64(p[8:])
	s.maxAck = binary.BigEndian.Uint64(p[16:])
	n := binary.BigEndian.Uint32(p[24:])
	p = p[28:]
	if n > Window || int(n)*8+8 > len(p) {
		return s, false
	}
	s.acks, p = p[:8*n], p[8*n:]
	s.seq = binary.BigEndian.Uint64(p)
	s.payload = p[8:]
	return s, true
}

// crypt encrypts or decrypts the inside of the segment with that initialization vector.
func (c *codec) crypt(iv *key, inside []byte) {
	var b [2 * keyLen]byte
	copy(b[:], iv[:])
	copy(b[keyLen:], c.key[:])
	k := sha1.Sum(b[:])
	var stream rc4.Cipher
	stream.Reset(k[:])
	stream.XOR(inside)
}

// sign hashes b, in which the key stands where the signature will.
func (c *codec) sign(b []byte) key {
	h := key(sha1.Sum(b))
	if c.masked {
		subtle.XORBytes(h[:], h[:], serviceMask[:])
	}
	return h
}
