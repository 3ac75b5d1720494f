// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
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
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []protocol.Auth{protocol.Anonymous{}, protocol.Password{Secret: "a"}, protocol.PlainPassword{Secret: "b"}} {
		if got := sealAuth(a)(); got != a {
			t.Errorf("%T came back as %T", a, got)
		}
	}
	got, ok := sealAuth(protocol.Certificate{DER: []byte{1}, Key: key})().(protocol.Certificate)
	if !ok || !bytes.Equal(got.DER, []byte{1}) || !key.Equal(got.Key) {
		t.Error("the certificate came back as another")
	}
}
