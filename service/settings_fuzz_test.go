// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
)

// FuzzSettings takes what NetworkManager hands over all the way to what is dialled with: one property of any type beside
// those of a usable connection, in GVariant's text format, one item of vpn.data, and the password.
func FuzzSettings(f *testing.F) {
	for _, s := range [][3]string{
		{"connection", "permissions", "['user:alice:', 'user:bob:']"},
		{"connection", "uuid", "@u 7"},
		{"connection", "interface-name", "'a/b'"},
		{"vpn", "data", "{'gateway': 'vpn.example', 'user': 'alice', 'password': 'x'}"},
		{"vpn", "data", "@a{ss} {}"},
		{"vpn", "secrets", "{'password': <'x'>}"},
		{"vpn", "user-name", "'alice@HUB'"},
		{"vpn", "timeout", "uint32 4294967295"},
		{"vpn", "persistent", "true"},
		{"ipv4", "method", "'auto'"},
		{"ipv4", "dad-timeout", "@i -1"},
		{"ipv4", "required-timeout", "@i -2147483648"},
		{"ipv4", "dhcp-client-id", "'01:02:03'"},
		{"ipv4", "dhcp-reject-servers", "['10.0.0.0/8']"},
		{"ipv4", "route-data", "[{'dest': <'0.0.0.0'>, 'prefix': <uint32 0>}]"},
		{"ipv4", "link-local", "@i 3"},
		{"ipv6", "method", "'auto'"},
		{"ipv6", "token", "'::1'"},
		{"ipv6", "addr-gen-mode", "@i 1"},
		{"ipv6", "dhcp-duid", "'ll'"},
	} {
		f.Add(s[0], s[1], s[2], "gateway", "[2001:db8::1]:443", "pw")
	}
	for _, k := range profile.Keys {
		f.Add("ipv6", "may-fail", "false", k.Name, k.Default, "pw")
	}
	f.Add("vpn", "persistent", "false", "proxy-type", "http", "")
	f.Fuzz(func(t *testing.T, setting, property, value, key, text, secret string) {
		if strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsNumber(r) }) {
			return // godbus, which parses this text for the test alone, never ends at another script's number
		}
		v, err := dbus.ParseVariant(value, dbus.Signature{})
		if err != nil {
			return // no D-Bus value
		}
		secret = "of joe's own: " + secret // without that it might be in any sentence, or look like an escape in one
		handed := settings(key+"="+text, "!password="+secret)
		if handed[setting] == nil {
			handed[setting] = make(map[string]dbus.Variant)
		}
		handed[setting][property] = v

		w := &written{}
		c := &connection{log: slog.New(newLineHandler(slog.LevelDebug, w)), about: new(subject)}
		p, err := c.parse(handed)
		said := strings.Join(w.lines, "")
		if err != nil {
			if e, ok := errors.AsType[*nmvpn.Error](err); !ok || e.Name != nmvpn.ErrorBadArguments && e.Name != nmvpn.ErrorInvalidConnection {
				t.Errorf("%T %v", err, err)
			}
			said += err.Error()
		}
		if len(said) > 8000 || !utf8.ValidString(said) || strings.ContainsAny(said, "\r\x1b\x00") {
			t.Errorf("unfit for a log: %q", said)
		}
		if strings.Contains(said, secret) && !strings.Contains(key+text+value, secret) {
			t.Errorf("the password is told: %q", said)
		}
		if p == nil {
			return
		}
		if p.Timeout <= 0 || p.IPv4.RequiredTimeout < 0 || p.IPv6.RequiredTimeout < 0 || p.IPv4.DHCPTimeout < 0 {
			t.Errorf("a time out of range: %+v", p)
		}
		if p.Transport != profile.TransportTCP || p.Cert.Path+p.Key.Path+p.CA.Path != "" {
			return // sockets and files of this computer
		}
		p.UDPAcceleration = profile.UDPNo
		path := newServerPath(c.log, nil)
		cfg, err := sessionConfig(p, new(profileFiles), path, nil, c.log)
		if err == nil && (cfg.Host == "" || cfg.Port == 0 || cfg.Hub == "" || cfg.Auth == nil) {
			t.Errorf("dialled with %+v", cfg)
		}
		if err == nil && cfg.Trust.Mode == protocol.TrustAny && (p.ServerCertCheck != profile.CertCheckNo || p.Pin() != nil) {
			t.Errorf("any certificate is trusted by %+v", p)
		}
		if said := strings.Join(w.lines, ""); strings.Contains(said, secret) && !strings.Contains(key+text+value, secret) {
			t.Errorf("the password is in the log: %q", said)
		}
	})
}
