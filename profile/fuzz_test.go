// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse holds what the service relies on for any connection: no panic, a typed error,
// messages of bounded length without the secret, and a profile whose values are in their ranges.
func FuzzParse(f *testing.F) {
	for _, k := range Keys {
		f.Add(k.Name, k.Default, "vpn.example.com", "secret-of-joe")
	}
	f.Add("port", "0443", "[2001:db8::1]:443", "")
	f.Add("cert", testCert, "host/tcp", "\x00")
	f.Add("ca", "/etc/ca.pem", "例え.テスト:1", "x")
	f.Add("x\ny", "\xff", "a..b", "\u202e")
	f.Fuzz(func(t *testing.T, name, text, gateway, secret string) {
		src := with(KeyGateway, gateway)
		src.Data[name] = text
		src.Secrets[SecretPassword] = secret
		src.Secrets[TrustSecret([32]byte{1})] = secret
		p, warnings, err := Parse(src)
		said := ""
		for _, w := range warnings {
			said += w.String()
		}
		if err != nil {
			var bad *ValueError
			var missing *MissingError
			if !errors.As(err, &bad) && !errors.As(err, &missing) || p != nil {
				t.Fatalf("%T %v with %v", err, err, p)
			}
			said += err.Error()
		}
		if len(said) > 4000 || !utf8.ValidString(said) || strings.ContainsAny(said, "\n\r\x1b\x00") {
			t.Errorf("unfit for a log: %q", said)
		}
		if p == nil {
			return
		}
		if p.Gateway.Host == "" || p.Gateway.Port == 0 || p.Hub == "" || (p.MACMode == MACExplicit) != (len(p.MAC) == 6) || p.MAC != nil && p.MAC[0]&1 != 0 ||
			p.MTU < 576 || p.MTU > 1500 || p.MaxConnections < 1 || p.MaxConnections > 32 ||
			p.ReconnectInterval.Seconds() < 5 || (p.Pin() != nil) != (ParseAnswer(secret, [32]byte{1}) == Yes) && p.ServerCertSHA256 == nil {
			t.Errorf("out of range: %+v", p)
		}
		if again, err := ParseEndpoint(p.Gateway.String()); err != nil || again != p.Gateway {
			t.Errorf("%v reads back as %v, %v", p.Gateway, again, err)
		}
	})
}
