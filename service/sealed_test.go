// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"reflect"
	"testing"

	"network-manager-softether/protocol"
)

func TestASealedSecretOpensAgainAndAgain(t *testing.T) {
	for _, secret := range []string{"", "hunter2", "Grüße-čaj-密码"} {
		s := seal([]byte(secret))
		if len(secret) > 0 && bytes.Contains(s.box, []byte(secret)) {
			t.Errorf("%q can be read", secret)
		}
		for range 2 {
			if got := string(s.open()); got != secret {
				t.Errorf("got %q, want %q", got, secret)
			}
		}
	}
}

func TestEveryKindOfLoginSurvivesBeingSealed(t *testing.T) {
	if sealAuth(protocol.Anonymous{}) != (protocol.Anonymous{}) {
		t.Error("who proves nothing came back as somebody else")
	}
	for _, a := range []protocol.Auth{protocol.Password{Secret: "a"}, protocol.PlainPassword{Secret: "a"}} {
		l, ok := sealAuth(a).(protocol.Later)
		if !ok || reflect.TypeOf(l.As) != reflect.TypeOf(a) {
			t.Fatalf("%T came back as %T", a, l.As)
		}
		for range 2 {
			secret := l.Secret()
			if string(secret) != "a" {
				t.Errorf("%T has the secret %q", a, secret)
			}
			clear(secret) // as a login does
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sealed := sealKey(key)
	if !key.PublicKey.Equal(sealed.Public()) {
		t.Error("the key came back as another")
	}
	digest := sha1.Sum([]byte("challenge"))
	for range 2 {
		signed, err := sealed.Sign(rand.Reader, digest[:], crypto.SHA1)
		if err == nil {
			err = rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA1, digest[:], signed)
		}
		if err != nil {
			t.Error(err)
		}
	}
}
