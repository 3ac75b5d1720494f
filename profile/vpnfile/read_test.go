// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// official returns the files that vpncmd 5.01.9674 wrote (AccountExport), by their names.
func official(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/vpncmd/*.vpn")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(name), ".vpn")] = text
	}
	return files
}

// read is Read for files that are well.
func read(t testing.TB, text []byte) *Account {
	t.Helper()
	a, unknown, err := Read(text)
	if err != nil || len(unknown) > 0 {
		t.Fatal(unknown, err)
	}
	return a
}

func TestOfficialFileIsReadItemByItem(t *testing.T) {
	want := &Account{
		CheckServerCert: true, StartupAccount: true,
		AuthType: authPassword, Username: "alice", HashedPassword: hashOf("alice", `"`), // how vpncmd read /PASSWORD:""
		AccountName: "detail", Hostname: "vpn.example.com", Port: 443, HubName: "OFFICE", DeviceName: "pp",
		AdditionalConnectionInterval: 3, ConnectionDisconnectSpan: 600, MaxConnection: 8, HalfConnection: true,
		DisableQoS: true, HideStatusWindow: true, NoRoutingTracking: true, NoUdpAcceleration: true, UseCompress: true,
		RequireBridgeRoutingMode: true, RequireMonitorMode: true, NumRetry: 7, RetryInterval: 20,
		ProxyType: proxySOCKS4, ProxyName: "10.0.0.4", ProxyPort: 1080, ProxyPassword: []byte{},
	}
	if diff := cmp.Diff(want, read(t, official(t)["details-socks4-proxy"])); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for name, text := range official(t) {
		a := read(t, text)
		if diff := cmp.Diff(a, read(t, a.Marshal())); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff(body(text), body(a.Marshal())); diff != "" {
			t.Errorf("%s: but for the comment, the text is not that of the official client (-want +got)\n%s", name, diff)
		}
	}
}

// body is a file without its comment.
func body(text []byte) string {
	i := bytes.Index(text, []byte("declare root"))
	return string(text[i:])
}

func TestFilesEditedByHandAreRead(t *testing.T) {
	whole := official(t)["password"]
	want := read(t, whole)
	replace := func(old, new string) []byte { return bytes.ReplaceAll(whole, []byte(old), []byte(new)) }
	for name, text := range map[string][]byte{
		"Unix line ends":       replace("\r\n", "\n"),
		"old Mac editor":       replace("\r\n", "\r\n\r\n"),
		"no byte order mark":   bytes.TrimPrefix(whole, []byte(utf8Mark)),
		"blanks for tabs":      replace("\t", "    "),
		"no indentation":       replace("\t", ""),
		"upper case":           replace("declare root", "DECLARE Root"),
		"types in upper case":  replace("uint ", "UINT "),
		"names in lower case":  replace("HubName", "hubname"),
		"numbers for booleans": bytes.ReplaceAll(replace("bool UseEncrypt true", "bool UseEncrypt 1"), []byte("false"), []byte("0")),
		"lower case escapes":   replace("$20", "$20"),
		"a comment within":     replace("\tuint Port ", "# the port\r\n\tuint Port "),
		"another order":        append(append([]byte("declare root\n{\n"), swapBlocks(whole)...), "}\n"...),
		"no last line end":     bytes.TrimRight(whole, "\r\n"),
		"comments at the end":  append(bytes.Clone(whole), "# end\n"...),
	} {
		got, unknown, err := Read(text)
		if err != nil || len(unknown) > 0 {
			t.Errorf("%s: %v, unknown %v", name, err, unknown)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// swapBlocks returns the inside of root with ClientOption before ClientAuth.
func swapBlocks(text []byte) []byte {
	s := body(text)
	s = strings.TrimSuffix(strings.TrimSpace(s[strings.Index(s, "{")+1:]), "}")
	auth, option := strings.Index(s, "\tdeclare ClientAuth"), strings.Index(s, "\tdeclare ClientOption")
	return []byte(s[:auth] + s[option:] + s[auth:option])
}

func TestMissingItemsAreAsInANewAccount(t *testing.T) {
	got := read(t, []byte("declare root\n{\ndeclare ClientOption\n{\nstring Hostname h\n}\ndeclare ClientAuth\n{\n}\n}\n"))
	want := newAccount()
	want.Hostname = "h"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUnknownItemsAreNamed(t *testing.T) {
	text := []byte("declare root\n{\nbool New true\ndeclare ClientOption\n{\nuint Newer 1\ndeclare Sub\n{\nstring Port x\n}\n}\ndeclare ClientAuth\n{\n}\n}\n")
	_, unknown, err := Read(text)
	if diff := cmp.Diff([]string{".New", "ClientOption.Newer", "ClientOption.Sub.Port"}, unknown); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestForeignFilesAreRefusedAsSuch(t *testing.T) {
	for name, text := range map[string]string{
		"empty":               "",
		"OpenVPN":             "client\ndev tun\nremote vpn.example.com 1194\n",
		"WireGuard":           "[Interface]\nPrivateKey = abc\n",
		"only comments":       "# VPN Client VPN Connection Setting File\r\n",
		"Cisco pcf":           "[main]\nDescription=x\n",
		"binary":              "\x7fELF\x02\x01\x01\x00",
		"SoftEther in binary": "SEVPN_DB\x00\x00\x00",
		"another root":        "declare tree\n{\n}\n",
		"too large":           "declare root\n{\n" + strings.Repeat("#\n", MaxSize/2),
		"long line":           strings.Repeat("x", MaxSize-1),
	} {
		if _, _, err := Read([]byte(text)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: got %v, want ErrForeign", name, err)
		}
	}
}

func TestDamageIsNamedWithItsLine(t *testing.T) {
	const head = "declare root\n{\n"
	for text, want := range map[string]string{
		head: "it ends within \"root\"",
		head + "declare ClientOption\n{\nuint Port 443\n": "it ends within \"ClientOption\"",
		head + "}\n": "there is no ClientOption",
		head + "declare AccountDatabase\n{\n}\n}\n":  "configuration of an official client",
		head + "declare ClientOption\nuint Port 1\n": "line 4: an opening brace must follow",
		head + "{\n":                           "line 3: an opening brace without declare",
		head + "}\n}\n":                        "line 4: a closing brace too many",
		head + "}\nbool StartupAccount true\n": "line 4: an item outside of root",
		head + "}\ndeclare root\n{\n}\n":       "line 4: a file has one block root",
		head + "} x\n":                         "line 3: a brace must stand alone",
		head + "bool StartupAccount\n":         "line 3: an item has a type, a name and a value",
		head + "string ShortcutKey a b\n":      "line 3: an item has a type, a name and a value",
		head + "bool StartupAccount true\nbool startupaccount 1\n": "line 4: \"startupaccount\" is there already, in line 3",
		head + "bool StartupAccount maybe\n":                       "line 3: StartupAccount: true or false",
		head + "uint StartupAccount 1\n":                           "line 3: StartupAccount: the type is bool, not \"uint\"",
		head + "word StartupAccount 1\n":                           "StartupAccount: the type is bool",
		head + "word Whatever 1\n":                                 "there is no type \"word\"",
		head + "uint Whatever -1\n":                                "a number below 2^32",
		head + "uint Whatever 4294967296\n":                        "a number below 2^32",
		head + "uint64 CreateDateTime 18446744073709551616\n":      "a number below 2^64",
		head + "byte ServerCert AA=A\n":                            "ServerCert: the data is not in base64",
		head + "string ShortcutKey $2\n":                           "two hexadecimal digits",
		head + "string ShortcutKey $zz\n":                          "two hexadecimal digits",
		head + "string ShortcutKey $FF\n":                          "the text is not UTF-8",
		head + "string ShortcutKey $00\n":                          "the text is not UTF-8",
		head + "string ShortcutKey \xe9t\xe9\n":                    "line 3: the text is not UTF-8; save the file",
		head + "string ShortcutKey \x00\n":                         "there is a NUL byte",
		head + "declare a b\n":                                     "declare takes one name",
		head + strings.Repeat("declare a\n{\n", 8):                 "nested too deep",
		head + items(1001):                                         "more than 1000 items",
	} {
		_, _, err := Read([]byte(text))
		var damage *SyntaxError
		if !errors.As(err, &damage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %q", text, err, want)
		}
	}
}

func items(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "bool b%d true\n", i)
	}
	return b.String()
}

// 200 files, each damaged once, in a way that leaves no doubt.
func TestTwoHundredDamagedFilesGiveTwoHundredCleanErrors(t *testing.T) {
	files := official(t)
	names := []string{"anonymous", "password", "radius-http-proxy", "certificate-socks5-proxy", "details-socks4-proxy"}
	random := rand.New(rand.NewPCG(1, 2))
	damage := []func([]byte, int) []byte{
		func(b []byte, at int) []byte { return b[:at] },                                                    // cut off
		func(b []byte, at int) []byte { return append(bytes.Clone(b[:at]), b[at/2:]...) },                  // a piece twice
		func(b []byte, at int) []byte { return append(append(bytes.Clone(b[:at]), 0), b[at:]...) },         // a NUL
		func(b []byte, at int) []byte { return append(append(bytes.Clone(b[:at]), 0xff), b[at:]...) },      // not UTF-8
		func(b []byte, at int) []byte { return append(append(bytes.Clone(b[:at]), " {\n"...), b[at:]...) }, // a brace
		func(b []byte, at int) []byte { return append(append(bytes.Clone(b[:at]), "\n}\n"...), b[at:]...) },
		func(b []byte, at int) []byte { return append(append(bytes.Clone(b[:at]), "$XY"...), b[at:]...) },
		func(b []byte, at int) []byte { return append(append(bytes.Clone(b[:at]), " $ $ "...), b[at:]...) },
	}
	clean := 0
	for i := range 200 {
		whole := bytes.TrimSpace(files[names[i%len(names)]])
		start := bytes.Index(whole, []byte("declare root"))
		at := start + 20 + random.IntN(len(whole)-start-21)
		a, _, err := Read(damage[i%len(damage)](whole, at))
		if err == nil {
			_, _, err = a.Connection(sha256.Sum256)
		}
		var syntax *SyntaxError
		var value *ItemError
		if !errors.As(err, &syntax) && !errors.As(err, &value) {
			t.Errorf("file %d, %s with damage %d at %d: got %v", i, names[i%len(names)], i%len(damage), at, err)
			continue
		}
		if text := err.Error(); len(text) > 300 || strings.ContainsAny(text, "\n\r\x00\x1b") {
			t.Errorf("file %d: unfit for a message: %q", i, text)
			continue
		}
		clean++
	}
	t.Logf("%d of 200", clean)
}

func TestEscapesAreInverse(t *testing.T) {
	for text, word := range map[string]string{
		"": "$", "$": "$24", "a b": "a$20b", "\t\r\n": "$09$0D$0A", "東京": "東京", "a$20": "a$2420", "\x7f": "\x7f",
	} {
		if got := escape(text); got != word {
			t.Errorf("escape(%q) = %q, want %q", text, got, word)
		}
		if got, err := unescape(word); got != text || err != nil {
			t.Errorf("unescape(%q) = %q, %v, want %q", word, got, err, text)
		}
	}
}
