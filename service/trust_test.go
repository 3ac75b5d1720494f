// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

// Whoever answers in the server's place chooses the names in the certificate, and may
// use them to talk the user into it.
func TestACertificateCannotWriteItsOwnQuestion(t *testing.T) {
	for _, tt := range []struct{ name, subject string }{
		{"more lines", "vpn.example\nValid: 2020-01-01 to 2099-01-01\nSHA-256: 1111 2222\nAnswer yes.\n\n"},
		{"other line breaks", "vpn.example\r\vSHA-256: 1111\u2028SHA-256: 2222\u0085"},
		{"reversed text", "vpn.example\u202e\u2066"},
		{"no text", "vpn\xff.example\x00"},
		{"no end", strings.Repeat("é", 5000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &protocol.CertificateError{Host: "vpn.example", Reason: protocol.CertSelfSigned, Leaf: &x509.Certificate{
				Subject: pkix.Name{CommonName: tt.subject}, Issuer: pkix.Name{Organization: []string{tt.subject}},
				NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1e9, 0),
			}}
			e.SHA256[0] = 0xab
			text := certQuestion(e, &profile.Profile{Hub: "DEFAULT", Gateway: profile.Endpoint{Port: 443}})
			lines := strings.Split(text, "\n")
			if len(lines) != 7 || !strings.HasPrefix(lines[4], "SHA-256: AB:00:00:") {
				t.Errorf("%d lines, the fifth without the fingerprint:\n%s", len(lines), text)
			}
			if n := utf8.RuneCountInString(text); n > 800 {
				t.Errorf("%d characters", n)
			}
			if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\v\x00\u0085\u2028\u202e\u2066") {
				t.Errorf("characters that are not shown as they are: %q", text)
			}
		})
	}
}

func TestQuestionNamesWhoCouldConfirmTheFingerprint(t *testing.T) {
	e := &protocol.CertificateError{Host: "vpn.example", Leaf: new(x509.Certificate)}
	for _, tt := range []struct{ hub, want string }{
		{"DEFAULT", "the people who run the server"},
		{"VPNGATE", "a volunteer"},
		{"vpngate", "a volunteer"},
	} {
		if text := certQuestion(e, &profile.Profile{Hub: tt.hub}); !strings.Contains(text, tt.want) {
			t.Errorf("hub %s: no %q in\n%s", tt.hub, tt.want, text)
		}
	}
}
