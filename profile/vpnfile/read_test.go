// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
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

// read is Read for files without faults.
func read(t testing.TB, text []byte) *Account {
	t.Helper()
	a, warnings, err := Read(text)
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
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
		got, warnings, err := Read(text)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v, said %v", name, err, warnings)
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

// What a person may not have meant is taken as by the official client, and said.
func TestOddThingsAreTakenAndSaid(t *testing.T) {
	whole := func(option string) string {
		return "declare root\n{\ndeclare ClientAuth\n{\n}\ndeclare ClientOption\n{\nstring AccountName a\n" + option + "}\n}\n"
	}
	for name, test := range map[string]struct {
		text string
		got  func(*Account) any
		want any
		said []string // the warnings, of which each must contain its text
	}{
		"a remark behind a value":    {whole("uint Port 995 # TCP\n"), func(a *Account) any { return a.Port }, uint32(995), nil},
		"a blank in a value":         {whole("string HubName My Hub\n"), func(a *Account) any { return a.HubName }, "My", []string{"HubName: line 9: everything after the first space"}},
		"no value":                   {whole("string HubName\n"), func(a *Account) any { return a.HubName }, "", nil},
		"no number":                  {whole("uint Port\n"), func(a *Account) any { return a.Port }, uint32(443), []string{"Port: line 9: there is no value"}},
		"a word for a number":        {whole("uint MaxConnection many\n"), func(a *Account) any { return a.MaxConnection }, uint32(0), []string{"MaxConnection: line 9: not a plain number below 2^32; as in the official client, it means 0"}},
		"hexadecimal":                {whole("uint Port 0x1bb\n"), func(a *Account) any { return a.Port }, uint32(443), []string{"it means 443"}},
		"a negative number":          {whole("uint NumRetry -1\n"), func(a *Account) any { return a.NumRetry }, uint32(retryForever), []string{"it means 4294967295"}},
		"too large a number":         {whole("uint Port 4294967739\n"), func(a *Account) any { return a.Port }, uint32(443), []string{"it means 443"}},
		"far too large a number":     {whole("uint Port 99999999999999999999999\n"), func(a *Account) any { return a.Port }, uint32(1<<32 - 1), []string{"it means 4294967295"}},
		"leading zeros":              {whole("uint Port 00995\n"), func(a *Account) any { return a.Port }, uint32(995), nil},
		"yes":                        {whole("bool UseEncrypt yes\n"), func(a *Account) any { return a.UseEncrypt }, false, []string{"UseEncrypt: line 9: neither true nor false; as in the official client, it means false"}},
		"TRUE":                       {whole("bool UseCompress TRUE\n"), func(a *Account) any { return a.UseCompress }, true, nil},
		"another type":               {whole("string Port 995\n"), func(a *Account) any { return a.Port }, uint32(443), []string{"Port: line 9: ignored, as its type is string instead of uint"}},
		"no type":                    {whole("strin HubName H\n"), func(a *Account) any { return a.HubName }, "", []string{"line 9: not understood"}},
		"broken base64":              {whole("byte ProxyPassword QQ*=\n"), func(a *Account) any { return len(a.ProxyPassword) }, 2, []string{"ProxyPassword: line 9: not valid base64"}},
		"Shift-JIS":                  {whole("string HubName \x93\x8c\x8b\x9e\n"), func(a *Account) any { return a.HubName }, "", []string{"HubName: line 9: the text is not UTF-8"}},
		"a name in Shift-JIS":        {strings.Replace(whole(""), "AccountName a", "AccountName \x93\x8c", 1), func(a *Account) any { return a.AccountName }, "?", []string{"AccountName: line 8: the text is not UTF-8"}},
		"a remark in Shift-JIS":      {"# \x90\xda\x91\xb1\n" + whole("uint Port 1 # \x90\xda\n"), func(a *Account) any { return a.Port }, uint32(1), nil},
		"an item twice":              {whole("uint Port 1\nuint Port 2\n"), func(a *Account) any { return a.Port }, uint32(2), []string{"Port: appears 2 times; as in the official client, line 10 applies"}},
		"a broken escape":            {whole("string HubName a$4\n"), func(a *Account) any { return a.HubName }, "a\x04", nil},
		"an escaped NUL":             {whole("string HubName a$00b\n"), func(a *Account) any { return a.HubName }, "a", nil},
		"a NUL":                      {whole("string HubName a\x00b\n"), func(a *Account) any { return a.HubName }, "a", nil},
		"an escaped name":            {whole("string Hub$4eame H\n"), func(a *Account) any { return a.HubName }, "H", nil},
		"a block within":             {whole("declare Sub\n{\nuint Port 1\n}\nuint Port 2\n"), func(a *Account) any { return a.Port }, uint32(2), nil},
		"a brace too few":            {strings.TrimSuffix(whole("uint Port 2\n"), "}\n"), func(a *Account) any { return a.Port }, uint32(2), []string{"root: the file ends within this block"}},
		"the end is missing":         {strings.TrimSuffix(whole("uint Port 2\n"), "}\n}\n"), func(a *Account) any { return a.Port }, uint32(2), []string{"ClientOption: the file ends within this block"}},
		"no braces":                  {strings.ReplaceAll(whole("uint Port 2\n"), "{\n", ""), func(a *Account) any { return a.Port }, uint32(2), nil},
		"what follows root":          {whole("uint Port 2\n") + "}\ndeclare root\n", func(a *Account) any { return a.Port }, uint32(2), nil},
		"unknown items":              {whole("uint Newer 1\n"), func(a *Account) any { return a.Port }, uint32(443), []string{"Newer: line 9: unknown item, ignored"}},
		"lines of an old Macintosh":  {strings.ReplaceAll("#\n"+"\t"+strings.ReplaceAll(whole("uint Port 2\n"), "\n", "\n\t"), "\n", "\r"), func(a *Account) any { return a.Port }, uint32(2), nil},
		"a hash with its end cut":    {strings.Replace(whole(""), "{\n}", "{\nbyte HashedPassword AAECAw==\n}", 1), func(a *Account) any { return len(a.HashedPassword) }, hashSize, nil},
		"a hash that goes on":        {strings.Replace(whole(""), "{\n}", "{\nbyte HashedPassword "+strings.Repeat("AAEC", 9)+"\n}", 1), func(a *Account) any { return len(a.HashedPassword) }, hashSize, nil},
		"a remark of a million":      {"# " + strings.Repeat("x", 1<<20) + "\n" + whole("uint Port 2\n"), func(a *Account) any { return a.Port }, uint32(2), nil},
		"more remarks than are said": {whole(strings.Repeat("x\n", 40)), func(a *Account) any { return a.Port }, uint32(443), append(slices.Repeat([]string{"not understood"}, maxWarnings), "and 10 more remarks like these")},
	} {
		t.Run(name, func(t *testing.T) {
			a, warnings, err := Read([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := test.got(a); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if len(warnings) != len(test.said) {
				t.Fatalf("said %v, want %q", warnings, test.said)
			}
			for i, w := range warnings {
				if !strings.Contains(w.String(), test.said[i]) {
					t.Errorf("said %q, want %q", w, test.said[i])
				}
			}
		})
	}
}

func TestEscapesAreInverse(t *testing.T) {
	for text, word := range map[string]string{
		"": "$", "$": "$24", "a b": "a$20b", "\t\r\n": "$09$0D$0A", "東京": "東京", "a$20": "a$2420", "\x7f": "\x7f",
	} {
		if got := escape(text); got != word {
			t.Errorf("escape(%q) = %q, want %q", text, got, word)
		}
		if got := unescape(word); got != text {
			t.Errorf("unescape(%q) = %q, want %q", word, got, text)
		}
	}
}
