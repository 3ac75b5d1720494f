// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"log/slog"
	"runtime"

	"golang.org/x/crypto/chacha20poly1305"

	"network-manager-softether/protocol"
)

// What becomes of secrets. NetworkManager passes them once, and a new login after a lost session needs them
// again when nobody may be there to be asked. So:
//
//  1. Until the first session is up they are in the profile, as a question may have to be
//     put together from them. The strings of the D-Bus library are overwritten as soon as
//     they have been read.
//  2. Then the profile and the session's configuration lose them; the one copy that stays
//     is encrypted with a key of this process, and opened for each new login. A proxy's
//     password is opened for each TCP connection, and package proxy overwrites it again.
//  3. What the D-Bus library, the login and crypto/tls leave behind is garbage. It is
//     collected at once, and the collector overwrites what it frees: the service is
//     linked with clobberfree=1 (meson.build).
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

// sealAuth returns a function that restores a for another login. Only RSA keys are sealed: any other signer
// keeps its key elsewhere.
func sealAuth(a protocol.Auth) func() protocol.Auth {
	switch a := a.(type) {
	case protocol.Password:
		s := seal([]byte(a.Secret))
		return func() protocol.Auth { return protocol.Password{Secret: string(s.open())} }
	case protocol.PlainPassword:
		s := seal([]byte(a.Secret))
		return func() protocol.Auth { return protocol.PlainPassword{Secret: string(s.open())} }
	case protocol.Certificate:
		key, ok := a.Key.(*rsa.PrivateKey)
		if !ok {
			break
		}
		der := x509.MarshalPKCS1PrivateKey(key)
		s := seal(der)
		clear(der)
		return func() protocol.Auth {
			key, err := x509.ParsePKCS1PrivateKey(s.open())
			if err != nil {
				panic(fmt.Sprintf("service: a key that was just used is none: %v", err))
			}
			return protocol.Certificate{DER: a.DER, Key: key}
		}
	}
	return func() protocol.Auth { return a }
}

// sweep collects garbage, so that freed memory is overwritten.
func sweep(log *slog.Logger) {
	runtime.GC() // returns when sweeping is complete
	log.Debug("memory swept")
}
