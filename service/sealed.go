// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"runtime"

	"golang.org/x/crypto/chacha20poly1305"

	"network-manager-softether/protocol"
)

// What becomes of secrets. NetworkManager passes them once, and a new login after a lost session needs them
// again when nobody may be there to be asked. So:
//
//  1. Until the first session is up, passwords and the text of a key are in the profile, as a question may have to
//     be put together from them. The strings of the D-Bus library are overwritten as soon as they have been read.
//     A key is sealed, as in 2, as soon as it has been read.
//  2. Then the profile and the session's configuration lose them; the one copy that stays is encrypted with a key of
//     this process. A new login opens it when the server's certificate has been judged, and a proxy's password is
//     opened for each TCP connection; what was opened is overwritten.
//  3. What the D-Bus library, the login and crypto/tls leave behind is garbage. It is collected when a login is on
//     its way and when it has ended, and the collector overwrites what it frees: the service is linked with
//     clobberfree=1 and gcshrinkstackoff=1 (meson.build).
//
// This keeps a password out of core dumps, and from anybody who can read this process for a moment. Longer
// access also reveals the key.

// sealed is a secret at rest.
type sealed struct {
	aead cipher.AEAD
	box  []byte // nonce and ciphertext
}

func seal(secret []byte) sealed {
	key := make([]byte, chacha20poly1305.KeySize)
	rand.Read(key)
	defer clear(key)
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // the key has the size
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(secret)+aead.Overhead())
	rand.Read(nonce)
	return sealed{aead, aead.Seal(nonce, nonce, secret, nil)}
}

func (s sealed) open() []byte {
	n := s.aead.NonceSize()
	secret, err := s.aead.Open(nil, s.box[:n], s.box[n:], nil)
	if err != nil {
		panic(fmt.Sprintf("service: a sealed secret does not open: %v", err)) // memory is broken
	}
	return secret
}

// sealAuth returns a with its password sealed, for all logins to come. A key has been sealed when it was read.
func sealAuth(a protocol.Auth) protocol.Auth {
	switch a := a.(type) {
	case protocol.Password:
		return protocol.Later{As: protocol.Password{}, Secret: seal([]byte(a.Secret)).open}
	case protocol.PlainPassword:
		return protocol.Later{As: protocol.PlainPassword{}, Secret: seal([]byte(a.Secret)).open}
	}
	return a
}

// sealedKey is an RSA key that is opened to sign with it.
type sealedKey struct {
	public *rsa.PublicKey
	sealed
}

func sealKey(key *rsa.PrivateKey) sealedKey {
	der := x509.MarshalPKCS1PrivateKey(key)
	defer clear(der)
	return sealedKey{&rsa.PublicKey{N: new(big.Int).Set(key.N), E: key.E}, seal(der)}
}

// Public implements [crypto.Signer].
func (k sealedKey) Public() crypto.PublicKey { return k.public }

// Sign implements [crypto.Signer].
func (k sealedKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	onOwnStack(func() {
		der := k.open()
		defer clear(der)
		var key *rsa.PrivateKey
		if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
			err = fmt.Errorf("a key that was read before: %w", err)
			return
		}
		signature, err = key.Sign(random, digest, opts)
	})
	return signature, err
}

// sweep collects garbage, so that what is free is overwritten. Twice: what is in a sync.Pool, as package math/big has one for
// its numbers, outlives the first time.
func sweep(log *slog.Logger) {
	for range 2 {
		runtime.GC() // returns when all is swept
	}
	log.Debug("memory swept")
}
