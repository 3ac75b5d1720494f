// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const testUUID = "6f7c2b0a-3d51-4c0e-9a55-0f3d8e4b7a10"

// with returns a source that parses, with these items of vpn.data set besides;
// "" unsets one.
func with(items ...string) Source {
	src := Source{ID: "Office", UUID: testUUID, Data: map[string]string{"gateway": "vpn.example.com", "user": "joe"}, Secrets: map[string]string{}}
	for i := 0; i < len(items); i += 2 {
		src.Data[items[i]] = items[i+1]
	}
	return src
}

func mustParse(t *testing.T, src Source) *Profile {
	t.Helper()
	p, _, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// asString lets cmp look at secrets.
var asString = cmp.Transformer("reveal", func(s Secret) string { return s.Reveal() })

var sameAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestDefaultsFillAShortProfile(t *testing.T) {
	got, warnings, err := Parse(with())
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	want := &Profile{
		ID: "Office", UUID: testUUID, Timeout: 60 * time.Second,
		Gateway: Endpoint{"vpn.example.com", 443}, Hub: "DEFAULT", User: "joe", AuthType: AuthPassword,
		ServerCertCheck: CertCheckYes, Proxy: Proxy{Type: ProxyNone}, Transport: TransportTCP,
		MaxConnections: 1, ConnectionInterval: time.Second, UDPAcceleration: UDPAuto, QoS: true,
		MACMode: MACStable, MTU: 1500, ReconnectInterval: 15 * time.Second,
		Strict: StrictNo, BlockIPv6: BlockIPv6Auto,
		IPv4: Addressing{Auto: true}, IPv6: Addressing{Auto: true},
	}
	if diff := cmp.Diff(want, got, asString, cmpopts.IgnoreUnexported(Profile{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEveryKeyIsUnderstood(t *testing.T) {
	pin := strings.Repeat("ab", 32)
	src := with("gateway", "[2001:db8::1]:8888", "port", "8888", "hub", "OFFICE", "user", "Jörg", "auth-type", "certificate",
		"password-flags", "1", "key-password-flags", "2", "proxy-password-flags", "4",
		"cert", testCert, "key", testEnc, "ca", "/etc/ca.pem", "server-cert-check", "pin", "server-cert-sha256", pin,
		"proxy-type", "socks5", "proxy-server", "proxy:1080", "proxy-user", "pu", "transport", "tcp",
		"max-connections", "8", "connection-interval", "2", "connection-lifetime", "3600", "half-duplex", "yes",
		"compression", "yes", "udp-acceleration", "no", "qos", "no", "bridge-mode", "yes", "monitor-mode", "yes",
		"mac", "5E-00-53-01-02-03", "mtu", "1400", "dhcp-hostname", "laptop", "send-host-info", "yes",
		"reconnect-interval", "5", "reconnect-attempts", "3", "strict", "allow-lan",
		"server-addresses", "192.0.2.1  2001:db8::1", "block-ipv6", "yes", "accept-overlapping-routes", "yes", "vpn-file-items", "DeviceName=pp")
	src.Secrets = map[string]string{"password": "a", "key-password": "b", "proxy-password": "c", "trust-sha256-" + strings.Repeat("cd", 32): "yes"}
	src.InterfaceName, src.Users, src.Timeout, src.Persistent = "se-x", []string{"joe"}, 90*time.Second, true
	src.IPv4, src.IPv6 = Family{OwnDefault: true, Table: 4}, Family{MustSucceed: true, Table: 6}
	src.IPv4Method, src.IPv4NeverDefault, src.IPv6Method, src.IPv6NeverDefault = "manual", true, "ignore", true
	want := &Profile{
		ID: "Office", UUID: testUUID, InterfaceName: "se-x", Users: []string{"joe"}, Timeout: 90 * time.Second, Persistent: true,
		Gateway: Endpoint{"2001:db8::1", 8888}, Hub: "OFFICE", User: "Jörg", AuthType: AuthCertificate,
		Password: "a", Cert: File{PEM: testCert}, Key: File{PEM: testEnc}, CA: File{Path: "/etc/ca.pem"}, KeyPassword: "b",
		ServerCertCheck: CertCheckPin, ServerCertSHA256: bytesOf(0xab), Trusted: bytesOf(0xcd),
		Proxy:     Proxy{Type: ProxySOCKS5, Server: Endpoint{"proxy", 1080}, User: "pu", Password: "c"},
		Transport: TransportTCP, MaxConnections: 8, ConnectionInterval: 2 * time.Second, ConnectionLifetime: time.Hour,
		HalfDuplex: true, Compression: true, UDPAcceleration: UDPNo, BridgeMode: true, MonitorMode: true,
		MACMode: MACExplicit, MAC: []byte{0x5e, 0, 0x53, 1, 2, 3}, MTU: 1400, Hostname: "laptop", SendHostInfo: true,
		ReconnectInterval: 5 * time.Second, ReconnectAttempts: 3, VPNFileItems: "DeviceName=pp",
		Strict: StrictAllowLAN, BlockIPv6: BlockIPv6Yes, AcceptOverlapping: true,
		ServerAddresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
		IPv4:            Addressing{Static: true, NeverDefault: true, Family: src.IPv4}, IPv6: Addressing{Disabled: true, NeverDefault: true, Family: src.IPv6},
		Identity: Identity{Hostname: "laptop"},
		Flags:    Flags{Password: 1, KeyPassword: 2, ProxyPassword: 4},
	}
	got := mustParse(t, src)
	if diff := cmp.Diff(want, got, asString, cmpopts.IgnoreUnexported(Profile{}), sameAddr); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, k := range Keys {
		if k.Secret && src.Secrets[k.Name] == "" || !k.Secret && src.Data[k.Name] == "" {
			t.Errorf("this test does not set %s", k.Name)
		}
	}
	if diff := cmp.Diff(bytesOf(0xab), got.Pin()); diff != "" {
		t.Errorf("the pin in vpn.data must win (-want +got)\n%s", diff)
	}
}

func bytesOf(c byte) []byte { return []byte(strings.Repeat(string([]byte{c}), 32)) }

func TestEmptyIsUnset(t *testing.T) {
	src := with()
	for _, k := range Keys {
		if !k.Secret && src.Data[k.Name] == "" {
			src.Data[k.Name] = ""
		}
	}
	src.Secrets["trust-sha256-"+strings.Repeat("ab", 32)] = ""
	if diff := cmp.Diff(mustParse(t, with()), mustParse(t, src), asString, cmpopts.IgnoreUnexported(Profile{})); diff != "" {
		t.Errorf("(-without +with empty values)\n%s", diff)
	}
}

func TestRulesBetweenKeys(t *testing.T) {
	pin := strings.Repeat("ab", 32)
	secret := func(src Source, name, value string) Source { src.Secrets[name] = value; return src }
	users := func(src Source, names ...string) Source { src.Users = names; return src }
	device := func(src Source, name string) Source { src.InterfaceName = name; return src }
	login := func(src Source, name string) Source { src.UserName = name; return src }
	noUUID := func(src Source) Source { src.UUID = ""; return src }
	for _, tc := range []struct {
		why string
		src Source
		key string // of the error; "" = allowed
	}{
		{"gateway missing", with("gateway", ""), "gateway"},
		{"several addresses", with("server-addresses", "192.0.2.1 2001:db8::1"), ""},
		{"a name among addresses", with("server-addresses", "192.0.2.1 vpn.example"), "server-addresses"},
		{"no address of a server", with("server-addresses", "0.0.0.0"), "server-addresses"},
		{"ports agree", with("gateway", "a:992", "port", "992"), ""},
		{"ports differ", with("gateway", "a:992", "port", "443"), "port"},
		{"user missing", with("user", ""), "user"},
		{"user from vpn.user-name", login(with("user", ""), "joe"), ""},
		{"bad vpn.user-name", login(with("user", ""), "joe\x1b"), "vpn.user-name"},
		{"bad vpn.user-name that is not used", login(with(), "joe\x1b"), ""},
		{"anonymous", with("user", "", "auth-type", "anonymous"), ""},
		{"no certificate", with("auth-type", "certificate"), "cert"},
		{"no key", with("auth-type", "certificate", "cert", testCert), "key"},
		{"both", with("auth-type", "certificate", "cert", testCert, "key", testKey), ""},
		{"PKCS#12", with("auth-type", "certificate", "cert", "/home/joe/joe.P12"), ""},
		{"no pin yet", with("server-cert-check", "pin"), ""},
		{"pin", with("server-cert-check", "pin", "server-cert-sha256", pin), ""},
		{"pin as a secret", secret(with("server-cert-check", "pin"), "trust-sha256-"+pin, "yes"), ""},
		{"proxy nowhere", with("proxy-type", "http"), "proxy-server"},
		{"proxy", with("proxy-type", "http", "proxy-server", "p:1"), ""},
		{"proxy and UDP", with("proxy-type", "http", "proxy-server", "p:1", "transport", "udp"), "transport"},
		{"proxy and auto", with("proxy-type", "http", "proxy-server", "p:1", "transport", "auto"), "transport"},
		{"half a pair", with("half-duplex", "yes"), "half-duplex"},
		{"a pair", with("half-duplex", "yes", "max-connections", "2"), ""},
		{"device name", device(with(), "se-office"), ""},
		{"long device name", device(with(), "0123456789abcdef"), "connection.interface-name"},
		{"device name with a slash", device(with(), "a/b"), "connection.interface-name"},
		{"device name with a pattern", device(with(), "se%d"), "connection.interface-name"},
		{"one owner and a file", users(with("ca", "/ca.pem"), "joe"), ""},
		{"two owners and a file", users(with("ca", "/ca.pem"), "joe", "ann"), "connection.permissions"},
		{"two owners and PEM", users(with("ca", testCert), "joe", "ann"), ""},
		{"no UUID", noUUID(with()), "connection.uuid"},
		{"control character in an unknown key", with("x\n", "y"), "x?"},
		{"control character under an unknown key", with("x", "y\x00"), "x"},
	} {
		_, _, err := Parse(tc.src)
		got := ""
		if bad, ok := errors.AsType[*ValueError](err); ok {
			got = bad.Key
		} else if missing, ok := errors.AsType[*MissingError](err); ok {
			got = missing.Key
		}
		if got != tc.key || (err == nil) != (tc.key == "") {
			t.Errorf("%s: got error %v, want one about %q", tc.why, err, tc.key)
		}
	}
}

func TestWarnings(t *testing.T) {
	src := with("usr", "x", "sub", "y", "password", "hunter2", "mtu", "1000", "server-cert-check", "no",
		"proxy-server", "p:1", "cert", "/c.pem", "colour", "blue")
	src.Secrets["pasword"] = "hunter2"
	src.Secrets["hub"] = "hunter2"
	_, warnings, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, w := range warnings {
		got[w.Key] = w.Text
		if strings.Contains(w.String(), "hunter2") {
			t.Errorf("a secret is in a warning: %v", w)
		}
	}
	for key, want := range map[string]string{
		"usr": "did you mean user?", "sub": "unknown key", "password": "vpn.secrets", "mtu": "1280", "server-cert-check": "not checked",
		"proxy-server": "not used", "cert": "not used", "colour": "unknown key, ignored", "pasword": "unknown secret", "hub": "vpn.data",
	} {
		if !strings.Contains(got[key], want) {
			t.Errorf("%s: got %q, want it to say %q", key, got[key], want)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("more warnings: %v", got)
	}
}

func TestManyUnknownKeysAreFewWarnings(t *testing.T) {
	src := with()
	for i := range 5000 {
		src.Data[fmt.Sprintf("zzzz-%04d", i)] = "x"
	}
	_, warnings, err := Parse(src)
	if err != nil || len(warnings) != maxUnknown+1 || !strings.Contains(warnings[maxUnknown].Text, "4980 more") {
		t.Errorf("got %d warnings, the last %v, error %v", len(warnings), warnings[len(warnings)-1], err)
	}
}

func TestParseLeavesItsSourceAlone(t *testing.T) {
	src := with("max-connections", "2")
	src.Users = []string{"joe"}
	data := maps.Clone(src.Data)
	p := mustParse(t, src)
	p.Users[0] = "mallory"
	if diff := cmp.Diff(data, src.Data); diff != "" || src.Users[0] != "joe" {
		t.Errorf("users %v, data (-want +got)\n%s", src.Users, diff)
	}
}
