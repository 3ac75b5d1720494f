// SPDX-License-Identifier: Apache-2.0

// Package catalog finds the translations for the person who runs a program.
package catalog

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/leonelquinteros/gotext"

	"network-manager-softether/po"
)

// maxCatalog is far above the size of any of ours, in bytes.
const maxCatalog = 4 << 20

// Load makes package po use the person's language, as named by the environment. Where there is no
// translation, texts stay English.
func Load() {
	for _, language := range Languages(os.Getenv) {
		if english(language) {
			return
		}
		if c := open(filepath.Join(po.Dir(), language, "LC_MESSAGES", po.Domain+".mo")); c != nil {
			po.Use(c)
			return
		}
	}
}

// Languages returns the names of the directories in which a person's translations may be, the best first, by
// the rules of gettext ("Locale Environment Variables" and "The LANGUAGE variable" in its manual): none in
// the locale C. As in glibc, C.UTF-8 is different: it has no language of its own, but LANGUAGE counts.
func Languages(getenv func(string) string) []string {
	locale := ""
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale = getenv(name); locale != "" {
			break
		}
	}
	if locale == "" || locale == "C" || locale == "POSIX" {
		return nil
	}
	wanted := locale
	if list := getenv("LANGUAGE"); list != "" {
		wanted = list
	}
	var languages []string
	for name := range strings.SplitSeq(wanted, ":") {
		languages = append(languages, variants(name)...)
	}
	return languages
}

// variants lists what de_AT.UTF-8@euro can be found under: de_AT@euro, de_AT, de@euro, de. Invalid names,
// which might lead out of the directory of the catalogs, have none.
func variants(name string) []string {
	name, modifier, _ := strings.Cut(name, "@")
	name, _, _ = strings.Cut(name, ".")
	if name == "" || strings.ContainsAny(name+modifier, "/\x00") || strings.HasPrefix(name, "..") {
		return nil
	}
	names := []string{name}
	if language, _, has := strings.Cut(name, "_"); has {
		names = append(names, language)
	}
	if modifier == "" {
		return names
	}
	var all []string
	for _, n := range names {
		all = append(all, n+"@"+modifier, n)
	}
	return all
}

func english(language string) bool {
	return language == "en" || strings.HasPrefix(language, "en_") || language == "C" || language == "POSIX"
}

// open reads a catalog; nil if there is none that can be read.
func open(path string) po.Catalog {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() > maxCatalog {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	mo := gotext.NewMo()
	mo.Parse(data)
	if mo.Language == "" { // not even a header
		return nil
	}
	return messages{mo.GetDomain().GetTranslations(), mo}
}

// messages is a catalog whose texts are not formatted yet, which package po does.
type messages struct {
	texts map[string]*gotext.Translation
	mo    *gotext.Mo // knows the plural forms
}

func (m messages) Get(id string) string {
	if t := m.texts[id]; t != nil {
		return t.Get()
	}
	return id
}

func (m messages) GetN(one, many string, n int) string { return m.mo.GetN(one, many, n) }
