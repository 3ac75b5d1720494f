// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"errors"
	"os"
	"strings"
	"testing"
)

const (
	testCert = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
	testKey  = "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n"
	testEnc  = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"
)

func TestValues(t *testing.T) {
	pin := strings.Repeat("aB", 32)
	colons := strings.TrimSuffix(strings.Repeat("aB:", 32), ":")
	for key, values := range map[string]struct{ good, bad []string }{
		"port":                {[]string{"1", "443", "65535", " 443", "443 "}, []string{"0", "65536", "-1", "+443", "443x", "0x1bb", "0443", "4 43", "\uff14\uff14\uff13", "99999999999999999999"}},
		"max-connections":     {[]string{"1", "32"}, []string{"0", "33", "1.0", "one"}},
		"connection-interval": {[]string{"1", "60"}, []string{"0", "1s"}},
		"connection-lifetime": {[]string{"0", "3600"}, []string{"-1", "00"}},
		"mtu":                 {[]string{"576", "1500"}, []string{"575", "1501"}},
		"reconnect-interval":  {[]string{"5", "15"}, []string{"4", "0"}},
		"reconnect-attempts":  {[]string{"0", "7"}, []string{"-1"}},
		"password-flags":      {[]string{"0", "1", "2", "4", "7"}, []string{"8", "agent"}},
		"qos":                 {[]string{"yes", "no"}, []string{"YES", "true", "1", "y", "on"}},
		"auth-type":           {[]string{"password", "plain-password", "certificate", "anonymous"}, []string{"Password", "radius", "passwor"}},
		"server-cert-check":   {[]string{"yes", "pin", "no"}, []string{"maybe"}},
		"transport":           {[]string{"tcp", "auto", "udp", "icmp", "dns"}, []string{"tls"}},
		"udp-acceleration":    {[]string{"auto", "yes", "v1", "no"}, []string{"v2"}},
		"hub":                 {[]string{"DEFAULT", "日本", "two words", " A", "A \t", "A\r\n", strings.Repeat("x", 255)}, []string{"A\u00a0", strings.Repeat("x", 256), "a\nb", "a\x00b", "\x7f", "a\u0085b", "a\u2028b", "\xff"}},
		"user":                {[]string{"joe", "Jörg", "DOMAIN\\joe", "joe@example.com"}, []string{"j\toe", "joe\r\n2"}},
		"server-cert-sha256":  {[]string{pin, colons, strings.ToUpper(pin), " " + pin + " "}, []string{pin[:62], pin + "00", "z" + pin[1:], colons[:92], "aB:" + pin[2:], colons[1:] + ":", "sha256:" + pin}},
		"mac":                 {[]string{"stable", "random", "5e:00:53:01:02:03", "00-00-5E-00-53-01"}, []string{"permanent", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "5e:00:53:01:02", "00:00:5e:00:53:01:02:03"}},
		"dhcp-hostname":       {[]string{"laptop-7", "laptop.example.com"}, []string{"läptop", "-a", "a..b", "a b", "a/b", strings.Repeat("a.", 127) + "a"}},
		"ca":                  {[]string{"/etc/ssl/ca.pem", " /etc/ssl/ca.pem ", testCert, "\ufeff" + testCert, testCert + "\ufeff" + testCert, "Bag Attributes\n" + testCert + testCert, strings.ReplaceAll(testCert, "\n", "\r\n")}, []string{"ca.pem", "./ca.pem", "file:///ca.pem", "/etc/", "/a\nb", testKey, "-----BEGIN CERTIFICATE-----\nMAA=\n", testCert + "\x1b[2J", strings.Repeat(testCert, 3000)}},
		"key":                 {[]string{"/k.pem", testKey, testEnc, strings.Replace(testKey, "EC ", "", 2)}, []string{testCert, "k"}},
		"proxy-server":        {[]string{"proxy:3128", "[2001:db8::2]:1080", "192.0.2.1:80"}, []string{"proxy", "2001:db8::2", "http://proxy:3128", "proxy:0", "proxy:"}},
		"password":            {[]string{"x", " with blanks ", "Пароль", strings.Repeat("x", 255)}, []string{"a\nb", strings.Repeat("x", 256), "\xff"}},
	} {
		k := Lookup(key)
		for _, s := range append(values.good, "") {
			if err := k.Check(s); err != nil {
				t.Errorf("%s=%q: %v", key, s, err)
			}
		}
		for _, s := range values.bad {
			err := k.Check(s)
			var bad *ValueError
			if !errors.As(err, &bad) || bad.Key != key || bad.Allowed == "" {
				t.Errorf("%s=%q: got %v, want a ValueError that says what is allowed", key, s, err)
			} else if k.Secret && strings.Contains(err.Error(), s) {
				t.Errorf("%s: the error repeats the secret: %v", key, err)
			}
		}
	}
}

func TestErrorShowsTheValueButNoInlineKey(t *testing.T) {
	err := Lookup("mtu").Check("9000")
	if want := `bad value "9000" of mtu: must be a number from 576 to 1500`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	err = Lookup("key").Check("-----BEGIN PRIVATE KEY-----\nsecret")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the key is in the error: %v", err)
	}
	err = Lookup("hub").Check(strings.Repeat("ü", 5000))
	if len(err.Error()) > 300 || !strings.Contains(err.Error(), "üü...") {
		t.Errorf("a long value is not cut: %v", err)
	}
}

func TestEndpoints(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, tc := range []struct {
		in   string
		want Endpoint
	}{
		{"vpn.example.com", Endpoint{"vpn.example.com", 0}},
		{"vpn.example.com.", Endpoint{"vpn.example.com.", 0}},
		{"VPN.example.com:8888", Endpoint{"VPN.example.com", 8888}},
		{"server", Endpoint{"server", 0}},
		{"my_server.lan", Endpoint{"my_server.lan", 0}},
		{"3com.example", Endpoint{"3com.example", 0}},
		{"192.0.2.1", Endpoint{"192.0.2.1", 0}},
		{"192.0.2.1:992", Endpoint{"192.0.2.1", 992}},
		{"2001:DB8::1", Endpoint{"2001:db8::1", 0}},
		{"[2001:db8::1]", Endpoint{"2001:db8::1", 0}},
		{"[2001:db8::1]:65535", Endpoint{"2001:db8::1", 65535}},
		{"fe80::1%eth0", Endpoint{"fe80::1%eth0", 0}},
		{"bücher.example", Endpoint{"bücher.example", 0}},
		{"例え。テスト:443", Endpoint{"例え。テスト", 443}},
		{"นามีบีเอ็น.ไทย", Endpoint{"นามีบีเอ็น.ไทย", 0}},
		{long + "." + long, Endpoint{long + "." + long, 0}},
	} {
		got, err := ParseEndpoint(tc.in)
		if err != nil || got != tc.want {
			t.Errorf("%q: got %+v, %v; want %+v", tc.in, got, err, tc.want)
			continue
		}
		if again, err := ParseEndpoint(got.String()); err != nil || again != got {
			t.Errorf("%q: %q reads as %+v, %v", tc.in, got.String(), again, err)
		}
	}
	for in, want := range map[string]string{
		"":                              "empty",
		":443":                          "empty",
		".":                             "empty",
		"https://vpn.example":           "URL",
		"vpn.example/tcp":               "contains",
		"vpn.example.com:":              "port",
		"vpn.example.com:0":             "port",
		"vpn.example.com:70000":         "port",
		"vpn.example.com:https":         "port",
		"a:1:2":                         "IPv6",
		"[2001:db8::1":                  "bracket",
		"[2001:db8::1]443":              "bracket",
		"fe80::1%]":                     "IPv6",
		"fe80::1%a b":                   "IPv6",
		"fe80::1%\x1b[31m":              "IPv6",
		"fe80::1%0123456789abcdef":      "IPv6",
		"[2001:db8::1]:":                "bracket",
		"[192.0.2.1]:443":               "bracket",
		"[vpn.example]:443":             "bracket",
		"256.1.1.1":                     "IPv4",
		"192.0.2":                       "IPv4",
		"192.0.2.01":                    "IPv4",
		"10":                            "IPv4",
		"1.2.3.0x4":                     "IPv4",
		"0.0.0.0":                       "single host",
		"::":                            "single host",
		"255.255.255.255":               "single host",
		"224.0.0.1":                     "single host",
		"[ff02::1]:443":                 "single host",
		"a..b":                          "two dots",
		".a":                            "two dots",
		"-a.example":                    "hyphen",
		"a-.example":                    "hyphen",
		"a b":                           "contains ' '",
		"a\u202eb":                      "contains",
		"a@b":                           "contains '@'",
		"x; rm":                         "contains ';'",
		long + "a.example":              "63",
		strings.Repeat("a.", 127) + "a": "253",
	} {
		if got, err := ParseEndpoint(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want an error about %q", in, got, err, want)
		}
	}
}

func TestCertificatesInPEMUnderOtherLabels(t *testing.T) {
	for _, name := range []string{"joe-p7b.pem", "trusted.crt", "joe.crt"} {
		text, err := os.ReadFile("../service/usercert/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"cert", "ca"} {
			if err := Lookup(key).Check(string(text)); err != nil {
				t.Errorf("%s as %s: %v", name, key, err)
			}
		}
		if err := Lookup("key").Check(string(text)); err == nil {
			t.Errorf("%s is taken for a key", name)
		}
	}
}
