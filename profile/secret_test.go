// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecretsDoNotPrint(t *testing.T) {
	src := with("auth-type", "certificate", "cert", testCert, "key", "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----",
		"proxy-type", "http", "proxy-server", "p:1", "proxy-user", "u")
	src.Secrets = map[string]string{"password": "hunter2", "key-password": "hunter2", "proxy-password": "hunter2"}
	p := mustParse(t, src)
	if p.Password.Reveal() != "hunter2" {
		t.Fatalf("Reveal() = %q", p.Password.Reveal())
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", p.Password, p, *p)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "secret", p.Password, "profile", p, "value", *p, "proxy", p.Proxy)
	}
	if err := json.NewEncoder(&out).Encode(p); err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"hunter2", "aHVudGVyMg", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%X", "hunter2")} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q printed:\n%s", leak, out.String())
		}
	}
	if got := fmt.Sprintln(p.Password, Secret("")); got != "(secret) (none)\n" {
		t.Errorf("got %q", got)
	}
}

func TestMissingSecrets(t *testing.T) {
	given := func(src Source, pairs ...string) Source {
		for i := 0; i < len(pairs); i += 2 {
			src.Secrets[pairs[i]] = pairs[i+1]
		}
		return src
	}
	proxy := []string{"proxy-type", "socks5", "proxy-server", "p:1", "proxy-user", "u"}
	for _, tc := range []struct {
		why  string
		src  Source
		want []string
	}{
		{"password", with(), []string{"password"}},
		{"plain password", with("auth-type", "plain-password"), []string{"password"}},
		{"stored", given(with(), "password", "x"), nil},
		{"an empty answer is an answer", given(with(), "password", ""), nil},
		{"agent-owned and not here yet", with("password-flags", "1"), []string{"password"}},
		{"always asked and not here yet", with("password-flags", "2"), []string{"password"}},
		{"always asked and answered", given(with("password-flags", "2"), "password", "x"), nil},
		{"not required", with("password-flags", "4"), nil},
		{"not required, agent-owned", with("password-flags", "5"), nil},
		{"anonymous", with("auth-type", "anonymous"), nil},
		{"anonymous with a proxy", with(append(proxy, "auth-type", "anonymous")...), []string{"proxy-password"}},
		{"password and proxy", with(proxy...), []string{"password", "proxy-password"}},
		{"one flag does not speak for the other", with(append(proxy, "password-flags", "4")...), []string{"proxy-password"}},
		{"proxy that wants no name", with("proxy-type", "http", "proxy-server", "p:1"), []string{"password"}},
		{"SOCKS4 has no password", with("proxy-type", "socks4", "proxy-server", "p:1", "proxy-user", "u"), []string{"password"}},
		{"encrypted key", with("auth-type", "certificate", "cert", testCert, "key", testEnc), []string{"key-password"}},
		{"old encrypted key", with("auth-type", "certificate", "cert", testCert, "key", strings.Replace(testKey, "\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n", 1)), []string{"key-password"}},
		{"plain key", with("auth-type", "certificate", "cert", testCert, "key", testKey), nil},
		{"a key in a file is not known to be encrypted", with("auth-type", "certificate", "cert", "/c", "key", "/k"), nil},
	} {
		if diff := cmp.Diff(tc.want, mustParse(t, tc.src).MissingSecrets()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.why, diff)
		}
	}
}
