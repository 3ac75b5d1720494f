// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leonelquinteros/gotext"

	"network-manager-softether/editor/form"
	"network-manager-softether/profile"
)

// TestPageSpeaksTheLanguageOfItsHost shows the page to a German, a Japanese and a Persian: labels, menus, tooltips and
// what is wrong with the input.
func TestPageSpeaksTheLanguageOfItsHost(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	library := filepath.Join(t.TempDir(), "libnm-vpn-plugin-softether.so")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-buildmode=c-shared", "-o", library, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	display := startXvfb(t)
	// A locale of another name than C: in C.UTF-8 glibc since 2.39 has no translations.
	locales := t.TempDir()
	if err := os.Symlink("/usr/lib/locale/C.utf8", filepath.Join(locales, "xx_XX.utf8")); err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"de", "ja", "fa"} {
		catalogs := t.TempDir()
		folder := filepath.Join(catalogs, language, "LC_MESSAGES")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(ctx, "msgfmt", "-o", filepath.Join(folder, "network-manager-softether.mo"), "../po/"+language+".po").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		words := gotext.NewPo()
		words.ParseFile("../po/" + language + ".po")
		for _, gtk := range []string{"3", "4"} {
			t.Run(language+" GTK"+gtk, func(t *testing.T) {
				host := exec.CommandContext(ctx, "/usr/bin/python3", "testdata/words.py", gtk, library)
				host.Env = append(os.Environ(), "DISPLAY="+display, "GDK_BACKEND=x11", "LOCPATH="+locales, "LC_ALL=xx_XX.UTF-8", "LANGUAGE="+language, "TEXTDOMAINDIR="+catalogs,
					"GSETTINGS_BACKEND=memory", "NO_AT_BRIDGE=1", "GTK_A11Y=none", "GSK_RENDERER=cairo")
				out, err := host.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				var shown map[string]string
				if err := json.Unmarshal(out, &shown); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				checkPage(t, shown, words.GetDomain().GetTranslations())
			})
		}
	}
}

// checkPage compares every text on the page with the translations.
func checkPage(t *testing.T, shown map[string]string, words map[string]*gotext.Translation) {
	t.Helper()
	say := func(id string) string {
		if tr := words[id]; tr != nil {
			return tr.Get()
		}
		t.Errorf("%q has no translation", id)
		return ""
	}
	expect := func(what, want string) {
		if got := shown[what]; got != want {
			t.Errorf("%s: %q is shown, want %q", what, got, want)
		}
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.Shape == form.Check {
			expect(f.Key+" label", say(f.Label))
		} else {
			expect("label-"+f.Key+" label", say(f.Label))
		}
		first, _, _ := strings.Cut(shown[f.Key+" tooltip-text"], "\n")
		if want := strings.ReplaceAll(say("%s."), "%s", say(profile.Lookup(f.Key).Help)); !strings.Contains(first, strings.TrimRight(want, ".。")) {
			t.Errorf("the tooltip of %s begins with %q, want %q", f.Key, first, want)
		}
		if len(f.Words) > 0 {
			var labels []string
			for _, w := range f.Words {
				labels = append(labels, say(w.Label))
			}
			box := map[form.Shape]string{form.Combo: f.Key, form.Editable: "box-" + f.Key}[f.Shape]
			expect(box+" words", strings.Join(labels, "|"))
		}
		if f.Explained() {
			var notes []string
			for _, w := range f.Words {
				notes = append(notes, say(w.Help))
			}
			if note := shown["note-"+f.Key+" label"]; !slices.Contains(notes, note) {
				t.Errorf("below %s: %q is shown, want one of %q", f.Key, note, notes)
			}
		}
	}
	expect("show-passwords label", say("Show _passwords"))
	expect("choose-cert label", say("Choose…"))
	expect("description", say("Compatible with SoftEther VPN servers and VPN Gate."))
	if want, _, _ := strings.Cut(say("must be a number from %d to %d"), "%d"); !strings.Contains(shown["error"]+shown["problem label"], strings.TrimSpace(want)) {
		t.Errorf("a wrong value: %q, want %q", shown["error"], want)
	}
}
