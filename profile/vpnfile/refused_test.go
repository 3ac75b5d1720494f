// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"network-manager-softether/profile"
)

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

func TestWhatTheOfficialClientRefusesIsRefusedWithAReason(t *testing.T) {
	const head, rest = "declare root\n{\n", "declare ClientOption\n{\n}\ndeclare ClientAuth\n{\n}\n}\n"
	utf16le := func(s string) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	for text, want := range map[string]string{
		head:                                                     "there is no ClientOption",
		head + "declare ClientOption\n{\n":                       "there is no ClientAuth",
		head + "declare ClientAuth\n{\n}\n}\n":                   "there is no ClientOption",
		head + "declare AccountDatabase\n{\n}\n}\n":              "configuration of an official client",
		head + "declare x\n{\n" + rest:                           "there is no ClientOption",
		"}\n" + head + rest:                                      "a closing brace before",
		utf8Mark + head + rest:                                   "a byte order mark hides the first line",
		utf16le(utf8Mark + "# remark\r\n" + head + rest):         "the text is UTF-16",
		"\xfe\xff\x00" + utf16le(head+rest):                      "the text is UTF-16",
		"# remark\r" + strings.ReplaceAll(head+rest, "\n", "\r"): "an old Macintosh",
		head + items(10001):                                      "more than 10000 items",
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

// Whatever became of a file, what is said about it is fit for a person.
func TestTwoHundredDamagedFilesAreSpokenOfCleanly(t *testing.T) {
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
	refused, warned := 0, 0
	for i := range 200 {
		whole := bytes.TrimSpace(files[names[i%len(names)]])
		start := bytes.Index(whole, []byte("declare root"))
		at := start + 20 + random.IntN(len(whole)-start-21)
		var said []string
		a, warnings, err := Read(damage[i%len(damage)](whole, at))
		if err == nil {
			var more []profile.Warning
			_, more, err = a.Connection(sha256.Sum256)
			warnings = append(warnings, more...)
		}
		var syntax *SyntaxError
		var value *ItemError
		if err != nil {
			if !errors.As(err, &syntax) && !errors.As(err, &value) {
				t.Errorf("file %d, %s with damage %d at %d: got %v", i, names[i%len(names)], i%len(damage), at, err)
			}
			said = append(said, err.Error())
			refused++
		} else if len(warnings) > 0 {
			warned++
		}
		for _, w := range warnings {
			said = append(said, w.String())
		}
		for _, text := range said {
			if len(text) > 500 || strings.ContainsAny(text, "\n\r\x00\x1b") || !utf8.ValidString(text) {
				t.Errorf("file %d: unfit for a message: %q", i, text)
			}
		}
	}
	if refused == 0 || warned == 0 {
		t.Errorf("%d refused, %d warned of", refused, warned)
	}
}
