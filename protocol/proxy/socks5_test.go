// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"strings"
	"testing"
)

func TestSOCKS5(t *testing.T) {
	const (
		open    = "\x05\x01\x00"
		both    = "\x05\x02\x00\x02"
		login   = "\x01\x03joe\x06secret"
		byName  = "\x05\x01\x00\x03\x08vpn.test\x01\xbb"
		granted = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	)
	for _, tt := range []struct {
		name, user, target string
		script             []line
		reason             Reason
		text               string // in the error; empty: success
	}{
		{"name", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, granted}}, 0, ""},
		{"IPv4", "", "192.0.2.1:443", []line{{open, "\x05\x00"}, {"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb", granted}}, 0, ""},
		{"IPv6", "", "[2001:db8::1]:443", []line{{open, "\x05\x00"}, {"\x05\x01\x00\x04\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\x01\xbb", granted}}, 0, ""},
		{"bound to a name", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x00\x00\x03\x04abcd\x00\x01"}}, 0, ""},
		{"bound to IPv6", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x00\x00\x04" + strings.Repeat("\x00", 18)}}, 0, ""},
		{"password", "joe", "vpn.test:443", []line{{both, "\x05\x02"}, {login, "\x01\x00"}, {byName, granted}}, 0, ""},
		{"password, answered as some do", "joe", "vpn.test:443", []line{{both, "\x05\x02"}, {login, "\x05\x00"}, {byName, granted}}, 0, ""},
		{"password offered, not wanted", "joe", "vpn.test:443", []line{{both, "\x05\x00"}, {byName, granted}}, 0, ""},
		{"password refused", "joe", "vpn.test:443", []line{{both, "\x05\x02"}, {login, "\x01\x01"}}, Denied, "refuses user name or password"},
		{"password wanted", "", "vpn.test:443", []line{{open, "\x05\xff"}}, Denied, "there is no proxy user"},
		{"neither", "joe", "vpn.test:443", []line{{both, "\x05\xff"}}, Denied, "takes neither"},
		{"not offered", "", "vpn.test:443", []line{{open, "\x05\x02"}}, Failed, "not offered"},
		{"not SOCKS", "", "vpn.test:443", []line{{open, "HT"}}, Failed, "is it a SOCKS5 proxy"},
		{"not SOCKS later", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "HTTP"}}, Failed, "is it a SOCKS5 proxy"},
		{"hangs up", "", "vpn.test:443", []line{{open, hangUp}}, Failed, "hung up"},
		{"hangs up in the middle", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, granted[:7]}}, Failed, ""},
		{"by rule", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x02\x00\x01"}}, Failed, "rules"},
		{"server refuses", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x05\x00\x01"}}, NoTarget, "connection refused"},
		{"server unreachable", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x04\x00\x01"}}, NoTarget, "host unreachable"},
		{"unknown reply", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x63\x00\x01"}}, Failed, "reply 99"},
		{"unknown address", "", "vpn.test:443", []line{{open, "\x05\x00"}, {byName, "\x05\x00\x00\x02"}}, Failed, "type 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "hangs up in the middle" {
				tt.script = append(tt.script, line{"", hangUp})
				tt.text = "hung up"
			}
			wantReason(t, connect(t, proxyOf(t, SOCKS5, tt.user, "secret"), tt.target, tt.script), tt.reason, tt.text)
		})
	}
}
