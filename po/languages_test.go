// SPDX-License-Identifier: Apache-2.0

package po_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/leonelquinteros/gotext"
)

// languages are those of LINGUAS.
func languages(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("LINGUAS")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	return list
}

func read(t *testing.T, name string) (string, map[string]*gotext.Translation) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := gotext.NewPo()
	p.Parse(text)
	all := p.GetDomain().GetTranslations()
	delete(all, "")
	return string(text), all
}

func TestEveryLanguageIsCompiledAndNoOther(t *testing.T) {
	files, err := filepath.Glob("*.po")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".po")
	}
	if diff := cmp.Diff(languages(t), files); diff != "" {
		t.Errorf("LINGUAS and the .po files (-LINGUAS +files)\n%s", diff)
	}
	for _, language := range languages(t) {
		if out, err := exec.Command("msgfmt", "--check", "-o", os.DevNull, language+".po").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: msgfmt: %v\n%s", language, err, out)
		}
	}
}

func TestEveryTextIsTranslatedIntoEveryLanguage(t *testing.T) {
	_, template := read(t, "network-manager-softether.pot")
	want := slices.Sorted(maps.Keys(template))
	if len(want) < 400 {
		t.Fatalf("the template has %d texts only", len(want))
	}
	for _, language := range languages(t) {
		text, got := read(t, language+".po")
		if strings.Contains(text, "\n#, fuzzy") || strings.Contains(text, "\n#~") {
			t.Errorf("%s has fuzzy or obsolete translations", language)
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: its texts are not those of the template; run: msgmerge -U --backup=none --no-fuzzy-matching --no-wrap po/%s.po po/network-manager-softether.pot, and translate (-template +%s)\n%s", language, language, language, diff)
		}
		for id, tr := range got {
			if len(tr.Trs) == 0 {
				t.Errorf("%s: %q is not translated", language, id)
			}
			for n, s := range tr.Trs {
				checkTranslation(t, language, id, n, s)
			}
		}
	}
}

// verb is one of fmt's.
var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(\.\d+)?[a-zA-Z%]`)

// fixed are pieces of a text that every language has to repeat: keys with their values, options and file names.
var fixed = regexp.MustCompile(`[a-z0-9]+=[a-z0-9-]+|--[a-z][a-z-]*|/dev/[a-z/]+|nm-[a-z-]+|vpn\.[a-z-]+|trust-sha256-\w+`)

func checkTranslation(t *testing.T, language, id string, n int, s string) {
	if s == "" {
		t.Errorf("%s: %q is not translated (form %d)", language, id, n)
		return
	}
	if diff := cmp.Diff(verb.FindAllString(id, -1), verb.FindAllString(s, -1)); diff != "" {
		t.Errorf("%s: %q: the verbs are not those of %q (-want +got)\n%s", language, s, id, diff)
	}
	if strings.HasPrefix(id, "\n") != strings.HasPrefix(s, "\n") || strings.HasSuffix(id, "\n") != strings.HasSuffix(s, "\n") ||
		strings.Count(id, "\n") != strings.Count(s, "\n") || strings.TrimSpace(s) != s {
		t.Errorf("%s: %q does not begin, end or break its lines as %q does", language, s, id)
	}
	for _, piece := range fixed.FindAllString(id, -1) {
		if !strings.Contains(s, piece) {
			t.Errorf("%s: %q has lost %q", language, s, piece)
		}
	}
	if strings.Contains(s, "_") && !strings.Contains(id, "_") && len(fixed.FindAllString(id, -1)) == 0 && !strings.Contains(id, "*vpn_servers") {
		t.Errorf("%s: %q has an underscore, which %q has not", language, s, id)
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' || r == '\ufffd' {
			t.Errorf("%s: %q contains %q", language, s, r)
		}
	}
}

// TestOneLetterForOneControl: a letter behind Alt leads to one control of the page.
func TestOneLetterForOneControl(t *testing.T) {
	page, err := os.ReadFile("../editor/page-gtk4.ui")
	if err != nil {
		t.Fatal(err)
	}
	label := regexp.MustCompile(`translatable="yes">([^<]*_[^<]*)<`)
	labels := label.FindAllStringSubmatch(string(page), -1)
	if len(labels) < 15 {
		t.Fatalf("%d labels with a letter", len(labels))
	}
	for _, language := range languages(t) {
		_, texts := read(t, language+".po")
		taken := map[string]string{}
		for _, l := range labels {
			s := texts[l[1]].Get()
			_, rest, ok := strings.Cut(s, "_")
			if !ok {
				continue // not every label has a letter left
			}
			letter := strings.ToLower(string([]rune(rest)[:1]))
			if other := taken[letter]; other != "" {
				t.Errorf("%s: %q and %q have the same letter", language, other, s)
			}
			taken[letter] = s
		}
	}
}
