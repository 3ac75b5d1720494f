// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

// plain turns settings into values that print.
func plain(c map[string]map[string]dbus.Variant) map[string]map[string]any {
	out := make(map[string]map[string]any)
	for name, setting := range c {
		out[name] = make(map[string]any)
		for k, v := range setting {
			out[name][k] = v.Value()
		}
	}
	return out
}

func TestConnectionOfARelay(t *testing.T) {
	got := newConnection(some[1], "VPN Gate JP 192.0.2.2", "u", "joe")
	data := map[string]string{
		"gateway": "192.0.2.2", "port": "992", "hub": "VPNGATE", "user": "vpn", "auth-type": "password",
		"password-flags": "0", "server-cert-check": "yes", "block-ipv6": "yes",
	}
	want := map[string]map[string]any{
		"connection": {"id": "VPN Gate JP 192.0.2.2", "uuid": "u", "type": "vpn", "autoconnect": false, "permissions": []string{"user:joe:"}},
		"vpn":        {"service-type": "org.freedesktop.NetworkManager.softether", "data": data, "secrets": map[string]string{"password": "vpn"}},
		"ipv4":       {"method": "auto", "dns-priority": int32(-50)},
		"ipv6":       {"method": "auto", "dns-priority": int32(-50)},
	}
	if diff := cmp.Diff(want, plain(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	p, warnings, err := profile.Parse(profile.Source{
		ID: "x", UUID: newUUID(), Users: []string{"joe"}, Timeout: time.Minute,
		IPv4Method: "auto", IPv6Method: "auto", Data: data, Secrets: map[string]string{"password": "vpn"},
	})
	if err != nil || len(warnings) > 0 || len(p.MissingSecrets()) > 0 {
		t.Errorf("the service would say: %v, %v, missing %v", err, warnings, p.MissingSecrets())
	}
	if _, ok := newConnection(some[1], "x", "u", "")["connection"]["permissions"]; ok {
		t.Error("a connection for everybody has an owner")
	}
}

// The example is what people copy, so it must not let out more than a connection that "add" makes.
func TestExampleIsAConnectionOfARelay(t *testing.T) {
	text, err := os.ReadFile("../data/examples/vpngate.nmconnection")
	if err != nil {
		t.Fatal(err)
	}
	example, section := map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, v, _ := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = line
		default:
			example[section+key] = v
		}
	}
	want := map[string]string{}
	r := relay{addr: netip.MustParseAddr("192.0.2.1"), port: 443, code: "JP"}
	for name, setting := range plain(newConnection(r, connectionName(r, nil), example["[connection]uuid"], "")) {
		for key, v := range setting {
			items, ok := v.(map[string]string)
			if !ok {
				want["["+name+"]"+key] = fmt.Sprint(v)
			}
			for item, v := range items {
				if key == "secrets" {
					want["[vpn-secrets]"+item] = v
				} else {
					want["["+name+"]"+item] = v
				}
			}
		}
	}
	if diff := cmp.Diff(want, example); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNameOfAConnection(t *testing.T) {
	six := relay{addr: netip.MustParseAddr("2001:db8::1"), port: 443, code: "DE"}
	for _, test := range []struct {
		r     relay
		taken map[string]bool
		want  string
	}{
		{some[0], nil, "VPN Gate KR 192.0.2.1"},
		{some[3], nil, "VPN Gate 203.0.113.104"},
		{six, nil, "VPN Gate DE 2001:db8::1"},
		{some[0], map[string]bool{"VPN Gate KR 192.0.2.1": true}, "VPN Gate KR 192.0.2.1 443"},
	} {
		if got := connectionName(test.r, test.taken); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestWhereAConnectionLeads(t *testing.T) {
	const ours = profile.ServiceType
	for _, test := range []struct {
		service string
		data    map[string]string
		want    string
	}{
		{ours, map[string]string{"gateway": "192.0.2.1", "port": "992", "hub": "VPNGATE"}, "192.0.2.1:992"},
		{ours, map[string]string{"gateway": "192.0.2.1", "hub": "vpngate"}, "192.0.2.1:443"},
		{ours, map[string]string{"gateway": "192.0.2.1:5555", "hub": "VPNGATE"}, "192.0.2.1:5555"},
		{ours, map[string]string{"gateway": "[2001:db8::1]:5555", "hub": "VPNGATE"}, "[2001:db8::1]:5555"},
		{ours, map[string]string{"gateway": "192.0.2.1", "hub": "OFFICE"}, ""},
		{ours, map[string]string{"gateway": "vpn.example.com", "hub": "VPNGATE"}, ""},
		{ours, map[string]string{"hub": "VPNGATE"}, ""},
		{ours, nil, ""},
		{"org.freedesktop.NetworkManager.openvpn", map[string]string{"gateway": "192.0.2.1", "hub": "VPNGATE"}, ""},
	} {
		got, ok := leadsTo(test.service, test.data)
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("%v: %v, %v, want %s", test.data, got, ok, test.want)
		}
	}
}

func TestUUIDs(t *testing.T) {
	one, two := newUUID(), newUUID()
	if shape := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`); !shape.MatchString(one) || one == two {
		t.Errorf("%s, %s", one, two)
	}
}
