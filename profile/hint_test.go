// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"errors"
	"strings"
	"testing"
)

func TestParseGateway(t *testing.T) {
	for in, want := range map[string]struct {
		host string
		port uint16
		hint string
	}{
		"vpn.example.com":            {"vpn.example.com", 0, ""},
		"vpn.example.com:8888":       {"vpn.example.com", 8888, ""},
		"vpn.example.com/pc7":        {"vpn.example.com", 0, "pc7"},
		"vpn.example.com:8888/PC_7":  {"vpn.example.com", 8888, "PC_7"},
		"203.0.113.5/192.168.1.10":   {"203.0.113.5", 0, "192.168.1.10"},
		"[2001:db8::1]:8888/tcp":     {"2001:db8::1", 8888, HintTCP},
		"vpn.example.com/TCP":        {"vpn.example.com", 0, HintTCP},
		"vpn.example.com/disable":    {"vpn.example.com", 0, HintTCP},
		"vpn.example.com/disabled":   {"vpn.example.com", 0, HintTCP},
		"vpn.example.com/no":         {"vpn.example.com", 0, HintTCP},
		"vpn.example.com/none":       {"vpn.example.com", 0, HintTCP},
		"vpn.example.com/none.local": {"vpn.example.com", 0, "none.local"},
	} {
		e, hint, err := ParseGateway(in)
		if err != nil || e.Host != want.host || e.Port != want.port || hint != want.hint {
			t.Errorf("%q: %+v, %q, %v; want %+v", in, e, hint, err, want)
		}
	}
	for in, want := range map[string]string{
		"/pc7":                    "empty",
		"vpn.example.com/":        "after the slash",
		"vpn.example.com/a b":     "after the slash",
		"vpn.example.com/pc7/tcp": "after the slash",
		"vpn.example.com/pc7:443": "after the slash",
		"a..b/pc7":                "two dots",
		"https://vpn.example/":    "URL",
	} {
		if e, hint, err := ParseGateway(in); err == nil || !strings.Contains(err.Error(), want) || hint != "" || !e.IsZero() {
			t.Errorf("%q: %+v, %q, %v; want an error about %q", in, e, hint, err, want)
		}
	}
}

func TestHintsFitTheTransport(t *testing.T) {
	for gateway, allowed := range map[string]string{
		"vpn.example.com":      "tcp auto udp icmp dns",
		"vpn.example.com/pc7":  "udp",
		"vpn.example.com/none": "tcp",
	} {
		for _, transport := range []string{"tcp", "auto", "udp", "icmp", "dns"} {
			p, _, err := Parse(with(KeyGateway, gateway, KeyTransport, transport))
			var bad *ValueError
			switch fits := strings.Contains(allowed, transport); {
			case fits && (err != nil || gateway == "vpn.example.com/pc7" && p.Hint != "pc7"):
				t.Errorf("%s with %s: %v", gateway, transport, err)
			case !fits && (!errors.As(err, &bad) || bad.Key != KeyTransport):
				t.Errorf("%s with %s: error %v, want one about %s", gateway, transport, err, KeyTransport)
			}
		}
	}
}

// What is taken as a gateway is taken again, and means the same, once written down.
func FuzzParseGateway(f *testing.F) {
	for _, s := range []string{"vpn.example.com/pc7", "[2001:db8::1]:443/tcp", "192.0.2.1/10.0.0.1", "a/b/c", "/", "例え。テスト:443/none", "http://x/y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, hint, err := ParseGateway(s)
		if err != nil {
			if !e.IsZero() || hint != "" {
				t.Fatalf("%q: %v, but also %+v, %q", s, err, e, hint)
			}
			return
		}
		again := e.String()
		if hint != "" {
			again += "/" + hint
		}
		if e2, hint2, err := ParseGateway(again); err != nil || e2 != e || hint2 != hint {
			t.Fatalf("%q: %+v, %q; written as %q: %+v, %q, %v", s, e, hint, again, e2, hint2, err)
		}
	})
}
