// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

func TestAWrongPasswordIsAskedForThreeTimes(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.answers = []error{errWrongPassword, errWrongPassword, errWrongPassword, errWrongPassword}
		st.connect(t, true, settings())
		st.expect(t, "state starting", "ask [password]")
		for range 2 {
			if err := st.NewSecrets(settings("!password=other")); err != nil {
				t.Fatal(err)
			}
			st.expect(t, "ask [password]")
		}
		st.NewSecrets(settings("!password=third"))
		st.expect(t, append([]string{"failure: login failed"}, over...)...)
		ended(t, st)
		if got := st.dialled[3].Auth.(protocol.Password).Secret; got != "third" {
			t.Errorf("the last try used %q", got)
		}
	})
}

func TestWithoutInteractionAWrongPasswordEndsAtOnce(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.answers = []error{errWrongPassword}
		st.connect(t, false, settings())
		st.expect(t, append([]string{"state starting", "failure: login failed"}, over...)...)
	})
}

func TestTheCertificateQuestion(t *testing.T) {
	cert, fingerprint := certificate(protocol.CertSelfSigned)
	again := []string{"stored trust-sha256-" + fingerprint + "=no", "ask [trust-sha256-" + fingerprint + "]"}
	for _, tt := range []struct {
		name, answer string
		want         []string
	}{
		{"yes pins the certificate", "!trust-sha256-" + fingerprint + "=yes", []string{"config se0 via 192.0.2.1", "state started"}},
		{"no ends", "!trust-sha256-" + fingerprint + "=no", append([]string{"failure: connect failed"}, over...)},
		{"nein ends", "!trust-sha256-" + fingerprint + "=Nein", append([]string{"failure: connect failed"}, over...)},
		{"a password is no answer", "!trust-sha256-" + fingerprint + "=pw", again},
		{"nothing is no answer", "", again},
		{"yes to another certificate is no answer", "!trust-sha256-" + strings.Repeat("ab", 32) + "=yes", again},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := newStage(false)
				st.answers = []error{cert}
				st.connect(t, true, settings())
				st.expect(t, "state starting", "ask [trust-sha256-"+fingerprint+"]")
				st.NewSecrets(settings(tt.answer))
				time.Sleep(replyFirst)
				st.expect(t, tt.want...)
				if len(st.dialled) > 1 && hex.EncodeToString(st.dialled[1].Trust.Pin) != fingerprint {
					t.Errorf("dialled with pin %x", st.dialled[1].Trust.Pin)
				}
				st.Disconnect()
			})
		})
	}
}

func TestAChangedPinIsNoQuestion(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		cert, _ := certificate(protocol.CertPinChanged)
		st := newStage(false)
		st.answers = []error{cert}
		st.connect(t, true, settings())
		st.expect(t, append([]string{"state starting", "failure: connect failed"}, over...)...)
	})
}
