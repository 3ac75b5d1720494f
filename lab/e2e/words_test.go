// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
)

// installed is the folder with what make stage installs.
func installed(t *testing.T) string {
	t.Helper()
	dir, err := desktop.Stage()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// says runs an installed program for a person with a language, and returns what it shows.
func says(t *testing.T, language, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), perTest)
	defer cancel()
	dir := installed(t)
	c := exec.CommandContext(ctx, filepath.Join(dir, args[0]), args[1:]...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "LANGUAGE="+language, "TEXTDOMAINDIR="+filepath.Join(dir, "usr/share/locale"))
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestPersonIsSpokenToInHerLanguage asks in German, Japanese and Persian what English would ask, with the catalogs as they
// are installed.
func TestPersonIsSpokenToInHerLanguage(t *testing.T) {
	const connection = "DATA_KEY=gateway\nDATA_VAL=vpn.example.com\n\nDATA_KEY=hub\nDATA_VAL=OFFICE\n\nDATA_KEY=user\nDATA_VAL=joe\n\nDONE\n\nQUIT\n\n"
	const list = "*vpn_servers\r\n#HostName,IP,Score,Ping,Speed,CountryLong,CountryShort,NumVpnSessions,Uptime,TotalUsers,TotalTraffic,LogType,Operator,Message,OpenVPN_ConfigData_Base64\r\n" +
		"vpn1,192.0.2.7,1,5,200000000,Japan,JP,3,86400000,1,1,2weeks,x,,cHJvdG8gdGNwCnJlbW90ZSAxOTIuMC4yLjcgOTkyCg==\r\n*\r\n"
	dialog := []string{"usr/lib/NetworkManager/nm-softether-auth-dialog", "--external-ui-mode", "-i", "-u", "U", "-n", "Work", "-s", "org.freedesktop.NetworkManager.softether"}
	certificate := append(dialog, "-t", "trust-sha256-"+strings.Repeat("ab", 32), "-t",
		"x-vpn-message:The certificate of vpn.example.com is self-signed.\nSubject: CN=vpn\nValid: 2026-01-01 to 2036-01-01")
	for _, tc := range []struct {
		language string
		stdin    string
		args     []string
		want     []string
	}{
		{"de", connection, dialog, []string{"Title=VPN-Anmeldung: Work\n", "Label=Passwort\n", "Benutzer „joe“ auf vpn.example.com, Hub „OFFICE“"}},
		{"ja", connection, dialog, []string{"Title=VPN 認証: Work\n", "Label=パスワード\n", "仮想 HUB「OFFICE」"}},
		{"fa", connection, dialog, []string{"Label=گذرواژه\n", "\u2068vpn.example.com\u2069"}},
		{"de", connection, certificate, []string{"Das Zertifikat von vpn.example.com ist selbst signiert.", "Ausgestellt für: CN=vpn", "Gültig: 2026-01-01 bis 2036-01-01"}},
		{"ja", connection, certificate, []string{"vpn.example.com の証明書は自己署名です。", "発行先: CN=vpn"}},
		{"sv", connection, dialog, []string{"Title=Authenticate VPN Work\n"}},
		{"de", list, []string{"usr/bin/nm-softether-vpngate", "list", "--file", "-"}, []string{"LAND ", "SITZUNGEN", "Gezeigte Relais: 1 von 1."}},
		{"ja", list, []string{"usr/bin/nm-softether-vpngate", "list", "--file", "-"}, []string{"国        アドレス", "24 時間", "表示した中継サーバー: 1 / 1\n"}},
		{"zh_TW", "", []string{"usr/bin/nm-softether-vpngate", "--help"}, []string{"用法：", "--country CODES"}},
	} {
		got := says(t, tc.language, tc.stdin, tc.args...)
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s, %s: no %q in\n%s", tc.language, tc.args[0], want, got)
			}
		}
	}
}

// TestSoftwareCentresCanDescribeIt has the metainfo judged by AppStream's own tool, as it is installed and with the links
// that a build with a home page has. No installed link leads nowhere.
func TestSoftwareCentresCanDescribeIt(t *testing.T) {
	const id = "org.freedesktop.NetworkManager.softether"
	metainfo := filepath.Join(installed(t), "usr/share/metainfo", id+".metainfo.xml")
	plain := validMetainfo(t, metainfo)
	for _, want := range []string{`<summary xml:lang="ja">`, `<icon type="stock">` + id + `</icon>`} {
		if !strings.Contains(plain, want) {
			t.Errorf("the metainfo has no %s", want)
		}
	}
	for _, dead := range []string{"https://", "screenshot"} {
		if strings.Contains(plain, dead) {
			t.Errorf("the metainfo has %q, though nobody said where the project is at home", dead)
		}
	}
	if _, err := os.Stat(filepath.Join(installed(t), "usr/share/icons/hicolor/scalable/apps", id+".svg")); err != nil {
		t.Error(err)
	}

	template, err := os.ReadFile("../../data/" + id + ".metainfo.xml.in")
	if err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(t.TempDir(), id+".metainfo.xml")
	if err := os.WriteFile(linked, []byte(strings.ReplaceAll(string(template), "@HOMEPAGE@", "https://example.com/vpn")), 0o644); err != nil {
		t.Fatal(err)
	}
	pictures := 0
	for line := range strings.Lines(validMetainfo(t, linked)) {
		if _, name, ok := strings.Cut(line, "data/screenshots/"); ok {
			name, _, _ = strings.Cut(name, "<")
			if _, err := os.Stat(filepath.Join("../../data/screenshots", name)); err != nil {
				t.Errorf("a picture is missing: %v", err)
			}
			pictures++
		}
	}
	if pictures == 0 {
		t.Error("no picture in the metainfo")
	}
}

func validMetainfo(t *testing.T, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), perTest)
	defer cancel()
	out, err := exec.CommandContext(ctx, "appstreamcli", "validate", "--no-net", path).CombinedOutput()
	if err != nil {
		// AppStream 1.0 complains about a missing home page, and older ones do not know that they could be told not to.
		complaints := regexp.MustCompile(`(?m)^\s*[EW]: .*$`).FindAllString(string(out), -1)
		if len(complaints) != 1 || !strings.Contains(complaints[0], "url-homepage-missing") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
