// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/po"
)

func TestLanguagesOfAPerson(t *testing.T) {
	for _, tc := range []struct {
		env  string
		want string
	}{
		{"", ""},
		{"LANG=C LANGUAGE=de", ""},
		{"LANG=POSIX", ""},
		{"LANG=de_AT.UTF-8", "de_AT de"},
		{"LANG=de LC_MESSAGES=fr_CA LC_ALL=ja_JP.UTF-8", "ja_JP ja"},
		{"LANG=de LC_MESSAGES=fr_CA", "fr_CA fr"},
		{"LANG=de_DE.UTF-8 LANGUAGE=pt_BR:es", "pt_BR pt es"},
		{"LANG=C.UTF-8 LANGUAGE=ja", "ja"},
		{"LANG=sr_RS.UTF-8@latin", "sr_RS@latin sr_RS sr@latin sr"},
		{"LANGUAGE=de", ""},
		{"LANG=x LANGUAGE=../../etc:..:/etc:de", "de"},
	} {
		got := strings.Join(Languages(func(name string) string {
			for pair := range strings.FieldsSeq(tc.env) {
				if n, value, _ := strings.Cut(pair, "="); n == name {
					return value
				}
			}
			return ""
		}), " ")
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", tc.env, diff)
		}
	}
}

// speak makes the texts those of a locale, with the catalogs in dir.
func speak(t *testing.T, dir, locale, languages string) {
	t.Helper()
	po.Use(nil)
	t.Cleanup(func() { po.Use(nil) })
	t.Setenv("TEXTDOMAINDIR", dir)
	t.Setenv("LC_ALL", locale)
	t.Setenv("LANGUAGE", languages)
	Load()
}

func TestCatalogsAreFoundAndRead(t *testing.T) {
	dir := t.TempDir()
	for _, language := range []string{"de", "ja", "pt_BR", "ru"} {
		folder := filepath.Join(dir, language, "LC_MESSAGES")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("msgfmt", "-o", filepath.Join(folder, po.Domain+".mo"), "../"+language+".po").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	damaged := filepath.Join(dir, "fr", "LC_MESSAGES")
	if err := os.MkdirAll(damaged, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, po.Domain+".mo"), []byte("\xde\x12\x04\x95 this is none"), 0o644); err != nil {
		t.Fatal(err)
	}
	const text = "Private key password"
	for _, tc := range []struct{ locale, languages, want string }{
		{"de_AT.UTF-8", "", "Passwort des privaten Schlüssels"},
		{"ja_JP.UTF-8", "", "秘密鍵のパスワード"},
		{"C.UTF-8", "pt_BR", "Senha da chave privada"},
		{"en_GB.UTF-8", "", text},
		{"de_DE.UTF-8", "en_GB:ja", text},
		{"sv_SE.UTF-8", "", text},
		{"sv_SE.UTF-8", "sv:ru", "Пароль закрытого ключа"},
		{"C", "de", text},
		{"fr_FR.UTF-8", "", text}, // the damaged one
	} {
		speak(t, dir, tc.locale, tc.languages)
		if got := po.T(text); got != tc.want {
			t.Errorf("%s, LANGUAGE=%s: %q, want %q", tc.locale, tc.languages, got, tc.want)
		}
	}
	speak(t, dir, "ru_RU.UTF-8", "")
	if got, want := po.N("%s, and %d more", "%s, and %d more", 3, "x", 3), "x и ещё 3"; got != want {
		t.Errorf("plural: %q, want %q", got, want)
	}
	if got := po.T(""); got != "" {
		t.Errorf("the empty text is %q", got)
	}
}
