// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"testing"
)

func TestThePasswordIsOverwrittenAfterEachLogin(t *testing.T) {
	const digest = "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"lab\", nonce=\"n\"\r\n\r\n"
	for name, tt := range map[string]struct {
		kind    Kind
		scripts [][]line
	}{
		"basic":         {HTTP, [][]line{{{plain, wantsBasic}}, {{basic, fine}}}},
		"basic refused": {HTTP, [][]line{{{plain, wantsBasic}}, {{basic, wantsBasic}}}},
		"digest":        {HTTP, [][]line{{{plain, digest}}, {{connectTo, hangUp}}}},
		"SOCKS5":        {SOCKS5, [][]line{{{"\x05\x02\x00\x02", "\x05\x02"}, {"\x01\x03joe\x06secret", "\x01\x01"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var given [][]byte
			p, err := New(Config{Kind: tt.kind, Host: "proxy.test", Port: 1080, User: "joe", Password: func() []byte {
				given = append(given, []byte("secret"))
				return given[len(given)-1]
			}})
			if err != nil {
				t.Fatal(err)
			}
			err = connect(t, p, "vpn.test:443", tt.scripts...)
			if len(given) < 2 { // New looks at it, too
				t.Fatalf("no login: %v", err)
			}
			for i, password := range given {
				if !bytes.Equal(password, make([]byte, len("secret"))) {
					t.Errorf("use %d leaves %q", i+1, password)
				}
			}
		})
	}
}
