// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	mrand "math/rand/v2"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"network-manager-softether/frame"
	"network-manager-softether/internal/rc4"
	"network-manager-softether/protocol/zblock"
)

// A datagram is one of the following (softether-protocol.md 11.4); seq is a u64, big-endian, and padding is p
// bytes of value p:
//
//	version 1  sign(20), iv(20), RC4(SHA-1(key, iv); seq, data, padding)
//	version 2  iv(12), ChaCha20-Poly1305(iv; seq, data, padding), tag(16)
//
// data is a frame, or a mark and a frame in a zlib stream.
const (
	v1KeyLen = sha1.Size
	v1Head   = sha1.Size + sha1.Size
	v2IVLen  = chacha20poly1305.NonceSize
	v2Tag    = chacha20poly1305.Overhead
	seqLen   = 8
	// maxPadding is what we append; the other side may append up to 255.
	maxPadding = 31

	compressedMark = 0xdeadbeefcafeface
	markLen        = 8

	// MaxDatagram is the longest datagram that a [Sealer] makes.
	MaxDatagram = v1Head + seqLen + frame.MaxLen + maxPadding
)

// A cell is the cipher of one direction.
type cell struct {
	aead cipher.AEAD               // version 2; nil: version 1
	mac  hash.Hash                 // version 1 with HMAC; nil: a plain hash
	key  [v1KeyLen + v1KeyLen]byte // version 1: the key, and room for an iv
	sum  [sha1.Size]byte
}

func newCell(p *Params, key []byte) (c cell, err error) {
	if err := p.check(); err != nil {
		return c, err
	}
	if p.Version == 2 {
		c.aead, err = chacha20poly1305.New(key)
		return c, err
	}
	copy(c.key[:], key)
	if p.HMAC {
		c.mac = hmac.New(sha1.New, key)
	}
	return c, nil
}

// sign returns the signature of a datagram of version 1. For the plain hash, the key stands in the
// signature's place.
func (c *cell) sign(d []byte) *[sha1.Size]byte {
	if c.mac != nil {
		c.mac.Reset()
		c.mac.Write(d[sha1.Size:])
		c.mac.Sum(c.sum[:0])
		return &c.sum
	}
	given := [sha1.Size]byte(d)
	copy(d, c.key[:v1KeyLen])
	c.sum = sha1.Sum(d)
	copy(d, given[:])
	return &c.sum
}

// crypt encrypts or decrypts the inside of a datagram of version 1.
func (c *cell) crypt(d []byte) {
	copy(c.key[v1KeyLen:], d[sha1.Size:v1Head])
	k := sha1.Sum(c.key[:])
	var stream rc4.Cipher
	stream.Reset(k[:])
	stream.XOR(d[v1Head:])
}

// A Sealer makes datagrams. There is one for the whole session, so that no nonce is used twice under its key.
// It is used by one goroutine at a time.
type Sealer struct {
	cell
	seq uint64
	// iv counts up from a random start. The original chains parts of the last datagram; receivers accept any.
	iv  [sha1.Size]byte
	rng *mrand.ChaCha8
}

// NewSealer returns the sealer for p.
func NewSealer(p *Params) (*Sealer, error) {
	c, err := newCell(p, p.SendKey)
	if err != nil {
		return nil, err
	}
	var seed [32]byte
	rand.Read(seed[:])
	s := &Sealer{cell: c, rng: mrand.NewChaCha8(seed)}
	rand.Read(s.iv[:])
	return s, nil
}

// Seal writes the datagram for a frame of at most frame.MaxLen bytes to b, which must
// have room for [MaxDatagram], and returns its length.
func (s *Sealer) Seal(b, f []byte) int {
	s.seq++
	for i := len(s.iv) - 1; i >= 0; i-- {
		if s.iv[i]++; s.iv[i] != 0 {
			break
		}
	}
	head := v1Head
	if s.aead != nil {
		head = v2IVLen
	}
	inside := binary.BigEndian.AppendUint64(b[head:head], s.seq)
	inside = append(inside, f...)
	padding := 1 + s.rng.Uint64()%maxPadding
	for range padding {
		inside = append(inside, byte(padding))
	}
	if s.aead != nil {
		iv := b[:v2IVLen]
		copy(iv, s.iv[len(s.iv)-v2IVLen:])
		return head + len(s.aead.Seal(inside[:0], iv, inside, nil))
	}
	d := b[:head+len(inside)]
	copy(d[sha1.Size:], s.iv[:])
	s.crypt(d)
	copy(d, s.sign(d)[:])
	return len(d)
}

// An Opener opens the datagrams of one connection. It is used by one goroutine.
type Opener struct {
	cell
	window     window
	compressed bool
	expander   zblock.Expander
}

// NewOpener returns an opener for p.
func NewOpener(p *Params) (*Opener, error) {
	c, err := newCell(p, p.RecvKey)
	return &Opener{cell: c, compressed: p.Compressed}, err
}

// Open decrypts the datagram d in place. The frame is a view of d or, if it was compressed, of room, which
// has at least frame.MaxLen bytes; it is nil if the content is not a frame. ok is false if d is not genuine
// or has been seen before: nothing may be concluded from it then, and unless version 2 is spoken, it is
// unchanged.
func (o *Opener) Open(d, room []byte) (f []byte, ok bool) {
	inside := o.decrypt(d)
	if inside == nil {
		return nil, false
	}
	padding := int(inside[len(inside)-1])
	if padding == 0 || padding > len(inside)-seqLen || !o.window.fresh(binary.BigEndian.Uint64(inside)) {
		return nil, false
	}
	data := inside[seqLen : len(inside)-padding]
	if o.compressed && len(data) > markLen && binary.BigEndian.Uint64(data) == compressedMark {
		n, err := o.expander.Expand(room[:frame.MaxLen], data[markLen:])
		if err != nil {
			return nil, true
		}
		data = room[:n]
	}
	if len(data) < frame.HeaderLen || len(data) > frame.MaxLen {
		return nil, true
	}
	return slices.Clip(data), true
}

// decrypt returns the content of a genuine datagram, at least a number and a byte of padding, or nil.
func (o *Opener) decrypt(d []byte) []byte {
	if o.aead != nil {
		if len(d) < v2IVLen+seqLen+1+v2Tag {
			return nil
		}
		inside, err := o.aead.Open(d[v2IVLen:v2IVLen], d[:v2IVLen], d[v2IVLen:], nil)
		if err != nil {
			return nil
		}
		return inside
	}
	if len(d) < v1Head+seqLen+1 || subtle.ConstantTimeCompare(d[:sha1.Size], o.sign(d)[:]) != 1 {
		return nil
	}
	o.crypt(d)
	return d[v1Head:]
}
