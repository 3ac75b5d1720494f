// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"

	"golang.org/x/crypto/chacha20poly1305"

	"network-manager-softether/internal/rc4"
)

// A box seals and opens packets in place. One goroutine may seal while another one opens.
type box interface {
	// overhead returns how many bytes precede and follow the content.
	overhead() (front, back int)
	// seal encrypts a packet whose content is already in place.
	seal(packet []byte)
	// open decrypts a packet in place and returns its content, nil if it is not genuine.
	open(packet []byte) []byte
}

// Lengths of the two versions, in bytes (softether-protocol.md 10.3 and 10.4).
const (
	v1KeyLen, v2KeyLen = 20, 128 // on the wire; version 2 uses the first 32
	v1IVLen, v2IVLen   = 20, chacha20poly1305.NonceSize
	v1Zeros            = 20
	v1Overhead         = v1IVLen + v1Zeros
	v2Overhead         = v2IVLen + chacha20poly1305.Overhead
)

// nonce counts up from a random start, so that none is used twice under one key. The original chains parts of
// the last packet; receivers accept any.
type nonce [v1IVLen]byte

func (n *nonce) next(dst []byte) {
	for i := len(n) - 1; i >= 0; i-- {
		n[i]++
		if n[i] != 0 {
			break
		}
	}
	copy(dst, n[len(n)-len(dst):])
}

// boxV2 is: iv(12), ChaCha20-Poly1305(inside), tag(16).
type boxV2 struct {
	aead cipher.AEAD
	iv   nonce
}

func newBoxV2(key []byte) (*boxV2, error) {
	aead, err := chacha20poly1305.New(key[:chacha20poly1305.KeySize])
	if err != nil {
		return nil, err
	}
	b := &boxV2{aead: aead}
	rand.Read(b.iv[:])
	return b, nil
}

func (*boxV2) overhead() (front, back int) { return v2IVLen, chacha20poly1305.Overhead }

func (b *boxV2) seal(p []byte) {
	b.iv.next(p[:v2IVLen])
	inside := p[v2IVLen : len(p)-chacha20poly1305.Overhead]
	b.aead.Seal(inside[:0], p[:v2IVLen], inside, nil)
}

func (b *boxV2) open(p []byte) []byte {
	if len(p) < v2Overhead {
		return nil
	}
	inside, err := b.aead.Open(p[v2IVLen:v2IVLen], p[:v2IVLen], p[v2IVLen:], nil)
	if err != nil {
		return nil
	}
	return inside
}

// boxV1 is: iv(20), RC4(key = SHA-1(common key, iv); inside, 20 zero bytes). The zeros are the only
// protection against forgery: somebody on the path can flip bits unnoticed.
type boxV1 struct {
	sealKey, openKey [v1KeyLen + v1IVLen]byte // the common key, and room for an iv
	sealRC4, openRC4 rc4.Cipher
	iv               nonce
}

func newBoxV1(key []byte) *boxV1 {
	b := new(boxV1)
	copy(b.sealKey[:], key[:v1KeyLen])
	copy(b.openKey[:], key[:v1KeyLen])
	rand.Read(b.iv[:])
	return b
}

func (*boxV1) overhead() (front, back int) { return v1IVLen, v1Zeros }

func (b *boxV1) seal(p []byte) {
	b.iv.next(p[:v1IVLen])
	clear(p[len(p)-v1Zeros:])
	copy(b.sealKey[v1KeyLen:], p[:v1IVLen])
	key := sha1.Sum(b.sealKey[:])
	b.sealRC4.Reset(key[:])
	b.sealRC4.XOR(p[v1IVLen:])
}

func (b *boxV1) open(p []byte) []byte {
	if len(p) < v1Overhead {
		return nil
	}
	copy(b.openKey[v1KeyLen:], p[:v1IVLen])
	key := sha1.Sum(b.openKey[:])
	b.openRC4.Reset(key[:])
	b.openRC4.XOR(p[v1IVLen:])
	var zeros [v1Zeros]byte
	end := len(p) - v1Zeros
	if subtle.ConstantTimeCompare(p[end:], zeros[:]) != 1 {
		return nil
	}
	return p[v1IVLen:end]
}
