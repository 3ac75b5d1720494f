// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var compare = cmp.Options{cmp.AllowUnexported(list{}, relay{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}

// want is what japan(address) means.
func want(address string) relay {
	return relay{
		addr: netip.MustParseAddr(address), port: 443, code: "JP", country: "Japan", score: 1234, speed: 123456789, ping: 12,
		sessions: 7, uptime: 48 * time.Hour, logs: "2weeks", operator: "Someone's PC",
	}
}

func TestListOfRelays(t *testing.T) {
	unmeasured := want("192.0.2.2")
	unmeasured.ping, unmeasured.sessions, unmeasured.speed, unmeasured.uptime = unknown, unknown, 0, 0
	strange := want("192.0.2.3")
	strange.code, strange.country = "", "?[31mJapan???"
	quoted := want("192.0.2.4")
	quoted.code, quoted.country = "KR", "Korea, Republic of"
	for name, test := range map[string]struct {
		text string
		want list
	}{
		"one":                {listOf(japan("192.0.2.1")), list{relays: []relay{want("192.0.2.1")}, complete: true}},
		"none":               {listOf(), list{complete: true}},
		"unix line ends":     {strings.ReplaceAll(listOf(japan("192.0.2.1")), "\r", ""), list{relays: []relay{want("192.0.2.1")}, complete: true}},
		"byte order mark":    {"\ufeff" + listOf(japan("192.0.2.1")), list{relays: []relay{want("192.0.2.1")}, complete: true}},
		"empty lines":        {listOf("", japan("192.0.2.1"), ""), list{relays: []relay{want("192.0.2.1")}, complete: true}},
		"more after end":     {listOf(japan("192.0.2.1")) + japan("192.0.2.2"), list{relays: []relay{want("192.0.2.1")}, complete: true}},
		"no end":             {strings.TrimSuffix(listOf(japan("192.0.2.1")), "*\r\n"), list{relays: []relay{want("192.0.2.1")}}},
		"cut before its end": {strings.TrimSuffix(listOf(japan("192.0.2.1"), japan("192.0.2.2")), tcp(443)+"\r\n*\r\n"), list{relays: []relay{want("192.0.2.1")}, noTCP: 1}},
		"nothing measured":   {listOf(row("192.0.2.2", "-", "-", "Japan", "JP", "-", "", tcp(443))), list{relays: []relay{unmeasured}, complete: true}},
		"UDP only": {listOf(japan("192.0.2.1"), row("192.0.2.2", "1", "1", "Japan", "JP", "1", "1", config("proto udp", "remote 192.0.2.2 1194")),
			row("192.0.2.3", "1", "1", "Japan", "JP", "1", "1", "")), list{relays: []relay{want("192.0.2.1")}, noTCP: 2, complete: true}},
		"quoted comma":   {listOf(row("192.0.2.4", "12", "123456789", `"Korea, Republic of"`, "kr", "7", "172800000", tcp(443))), list{relays: []relay{quoted}, complete: true}},
		"other order":    {"*vpn_servers\n#Uptime,New,OpenVPN_ConfigData_Base64,CountryShort,CountryLong,NumVpnSessions,Speed,Ping,IP,Score,Operator,LogType\n172800000,x," + tcp(443) + ",JP,Japan,7,123456789,12,192.0.2.1,1234,Someone's PC,2weeks\n*\n", list{relays: []relay{want("192.0.2.1")}, complete: true}},
		"hostile words":  {listOf(row("192.0.2.3", "12", "123456789", "\x1b[31mJapan\u009b\u202e\u3042", "J\x1b", "7", "172800000", tcp(443))), list{relays: []relay{strange}, complete: true}},
		"stray quote":    {listOf(`"`+japan("192.0.2.9"), japan("192.0.2.1")), list{relays: []relay{want("192.0.2.1")}, damaged: 1, complete: true}},
		"too few fields": {listOf("a,b,c", japan("192.0.2.1")), list{relays: []relay{want("192.0.2.1")}, damaged: 1, complete: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseList([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got, compare); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDamagedRowsAreCounted(t *testing.T) {
	good := func(change func(f []string)) string {
		f := strings.Split(japan("192.0.2.1"), ",")
		change(f)
		return strings.Join(f, ",")
	}
	rows := map[string]string{
		"no address":          good(func(f []string) { f[1] = "" }),
		"a name":              good(func(f []string) { f[1] = "localhost" }),
		"private address":     good(func(f []string) { f[1] = "192.168.1.1" }),
		"this computer":       good(func(f []string) { f[1] = "127.0.0.1" }),
		"mapped":              good(func(f []string) { f[1] = "::ffff:10.0.0.1" }),
		"link":                good(func(f []string) { f[1] = "fe80::1%eth0" }),
		"everybody":           good(func(f []string) { f[1] = "255.255.255.255" }),
		"multicast":           good(func(f []string) { f[1] = "224.0.0.1" }),
		"zone":                good(func(f []string) { f[1] = "2001:db8::1%\x1b[2J" }),
		"ping is a word":      good(func(f []string) { f[3] = "fast" }),
		"ping is negative":    good(func(f []string) { f[3] = "-1" }),
		"speed is too large":  good(func(f []string) { f[4] = "99999999999999999999999" }),
		"speed has a sign":    good(func(f []string) { f[4] = "+1" }),
		"uptime of ages":      good(func(f []string) { f[8] = "9223372036854775807" }),
		"no base64":           good(func(f []string) { f[14] = "$$$$" }),
		"base64 without end":  good(func(f []string) { f[14] = f[14][:9] }),
		"one field more":      japan("192.0.2.1") + ",more",
		"a row without limit": good(func(f []string) { f[13] = strings.Repeat("x", maxRow) }),
	}
	for name, r := range rows {
		got, err := parseList([]byte(listOf(r, japan("192.0.2.7"))))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(&list{relays: []relay{want("192.0.2.7")}, damaged: 1, complete: true}, got, compare); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestWhatIsNoList(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":          {"", "not a list"},
		"login page":     {"<html><body>Welcome to our hotel</body></html>", "not a list"},
		"no header":      {"*vpn_servers\n", "not a list"},
		"row for header": {"*vpn_servers\n" + japan("192.0.2.1"), "not a list"},
		"too many rows":  {listOf(strings.Repeat("a\n", maxRows+1)), "more than 20000 rows"},
		"lacks a column": {"*vpn_servers\n" + strings.Replace(header, "Ping", "Pong", 1), "no column Ping"},
	} {
		if l, err := parseList([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
}

func TestPortOfTheListener(t *testing.T) {
	for text, want := range map[string]uint16{
		"proto tcp\nremote 192.0.2.1 443\n":                                      443,
		"remote 192.0.2.1 995\nproto tcp\n":                                      995,
		"remote 192.0.2.1 995 tcp\nproto udp\n":                                  995,
		"proto tcp4-client\nremote relay.example 1\n":                            1,
		"proto udp\nremote 192.0.2.1 1194\nremote 192.0.2.1 443 tcp-client\n":    443,
		"proto tcp\nport 992\nremote 192.0.2.1\n":                                992,
		"<connection>\nremote 192.0.2.1 443 tcp\n</connection>\n":                443,
		"<ca>\nremote 192.0.2.1 1 tcp\n</ca>\nproto tcp\nremote 192.0.2.1 443\n": 443,
		"proto tcp # remote x 1\n;remote 192.0.2.1 1\nremote 192.0.2.1 443 ; x":  443,
		"proto udp\nremote 192.0.2.1 1194\n":                                     0,
		"remote 192.0.2.1 1194\n":                                                0, // OpenVPN's own default is UDP
		"proto tcp\n":                                                            0,
		"proto tcp\nremote 192.0.2.1 0\n":                                        0,
		"proto tcp\nremote 192.0.2.1 65536\n":                                    0,
		"proto tcp\nremote 192.0.2.1 -443\n":                                     0,
		"proto tcp\nremote 192.0.2.1 443x\n":                                     0,
		"<key>\nproto tcp\nremote 192.0.2.1 443\n":                               0,
		"": 0,
	} {
		if got, ok := tcpPort(text); got != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v, want %d", text, got, ok, want)
		}
	}
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte(listOf(japan("192.0.2.1"), row("2001:db8::1", "-", "-", "", "", "-", "-", tcp(992)), "damaged")))
	f.Add([]byte(listOf(row("192.0.2.3", "12", "1", "\x1b[31m\u202e", "J\x1b", "7", "1", base64.StdEncoding.EncodeToString([]byte("proto tcp\nremote \x00 443"))))))
	f.Add([]byte("*vpn_servers\n" + header + "\n\"\n\n*"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseList(data)
		if err != nil {
			return
		}
		for _, r := range l.relays {
			if !public(r.addr) || r.port == 0 || r.code != countryCode(r.code) || r.speed < 0 || r.ping < unknown || r.sessions < unknown || r.uptime < 0 {
				t.Errorf("%+v", r)
			}
			for _, text := range []string{r.country, r.logs, r.operator, connectionName(r, nil)} {
				if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) || c >= 0x250 }) {
					t.Errorf("%q", text)
				}
			}
		}
	})
}
