// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nmcli takes the blanks around each value away, but a keyfile that somebody writes, and other programs, leave them.
func TestBlanksAroundAnyValueCountForNothing(t *testing.T) {
	plain := map[string]string{
		"gateway": "vpn.example.com", "port": "992", "hub": "OFFICE", "user": "joe", "auth-type": "certificate", "cert": "/c.pem", "key": "/k.pem", "ca": "/ca.pem",
		"server-cert-check": "no", "server-cert-sha256": strings.Repeat("ab", 32), "proxy-type": "http", "proxy-server": "p:1", "proxy-user": "u", "proxy-password-flags": "2",
		"password-flags": "1", "key-password-flags": "4", "transport": "tcp", "max-connections": "8", "connection-interval": "2", "connection-lifetime": "60", "half-duplex": "yes",
		"compression": "yes", "udp-acceleration": "no", "qos": "no", "bridge-mode": "yes", "monitor-mode": "yes", "mac": "random", "mtu": "1400", "dhcp-hostname": "h",
		"send-host-info": "yes", "reconnect-interval": "20", "reconnect-attempts": "3", "vpn-file-items": "DeviceName=VPN",
	}
	for i := range Keys {
		if k := &Keys[i]; !k.Secret && plain[k.Name] == "" && k.Default != "" {
			plain[k.Name] = k.Default
		}
	}
	src := func(data map[string]string) Source {
		return Source{ID: "x", UUID: testUUID, UserName: " joe ", Data: data, Secrets: map[string]string{"password": " p "}}
	}
	want, _, err := Parse(src(plain))
	if err != nil {
		t.Fatal(err)
	}
	for _, around := range [][2]string{{" ", ""}, {"", " "}, {"\t ", " \t"}, {"", "\r"}, {"\n", "\n"}} {
		padded := map[string]string{}
		for key, value := range plain {
			padded[key] = around[0] + value + around[1]
		}
		got, _, err := Parse(src(padded))
		if err != nil {
			t.Errorf("%q: %v", around, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Profile{})); diff != "" {
			t.Errorf("%q (-want +got)\n%s", around, diff)
		}
		if needed := NeededSecrets(padded); !slices.Equal(needed, NeededSecrets(plain)) {
			t.Errorf("%q: needed secrets are %v", around, needed)
		}
	}
	got, _, err := Parse(src(map[string]string{"gateway": "h", "user": "  ", "hub": " ", "port": "\t"}))
	if err != nil || got.User != "joe" || got.Hub != "DEFAULT" || got.Gateway.Port != 443 || got.Password != " p " {
		t.Errorf("blanks alone: %+v, %v", got, err)
	}
}

func TestTheNameThatNMCLIShowsForNoneIsNone(t *testing.T) {
	p, warnings, err := Parse(Source{ID: "x", UUID: testUUID, InterfaceName: "--", Data: map[string]string{"gateway": "h", "user": "joe"}})
	if err != nil || p.InterfaceName != "" || len(warnings) != 1 || warnings[0].Key != "connection.interface-name" {
		t.Errorf("%+v, %v, %v", p, warnings, err)
	}
}
