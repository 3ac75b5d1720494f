// SPDX-License-Identifier: Apache-2.0

package po_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// A term is a concept and the words, or their stems, that one language has for it.
type term struct {
	english *regexp.Regexp
	words   []string // in lower case
}

// glossary reads glossary/LANGUAGE.tsv: an English term, a tab, and what the language says for it, forms parted by |.
func glossary(t *testing.T, language string) []term {
	t.Helper()
	path := filepath.Join("glossary", language+".tsv")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var terms []term
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		english, words, ok := strings.Cut(line, "\t")
		if !ok || english == "" || words == "" {
			t.Fatalf("%s: no term, tab and translation: %q", path, line)
		}
		terms = append(terms, term{
			english: regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(english) + `s?\b`),
			words:   strings.Split(strings.ToLower(words), "|"),
		})
	}
	return terms
}

// plain is a text without its mnemonics, in lower case.
func plain(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }

func TestOneTermForOneConcept(t *testing.T) {
	for _, language := range languages(t) {
		_, texts := read(t, language+".po")
		terms := glossary(t, language)
		if len(terms) < 15 {
			t.Errorf("%s: the glossary has %d terms only", language, len(terms))
		}
		for _, term := range terms {
			used := 0
			for id, tr := range texts {
				if !term.english.MatchString(plain(id)) {
					continue
				}
				used++
				for _, s := range tr.Trs {
					if !containsAny(plain(s), term.words) {
						t.Errorf("%s: %q has none of %q, but %q", language, id, term.words, s)
					}
				}
			}
			if used == 0 {
				t.Errorf("%s: no text has %v", language, term.english)
			}
		}
	}
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// A letter behind Alt is there in every language or in none.
func TestMnemonicsAreThere(t *testing.T) {
	mnemonic := regexp.MustCompile(`(^|[\s(\p{L}])_\p{L}`)
	for _, language := range languages(t) {
		_, texts := read(t, language+".po")
		for id, tr := range texts {
			if !mnemonic.MatchString(id) || len(fixed.FindAllString(id, -1)) > 0 || strings.Contains(id, "*vpn_servers") {
				continue
			}
			for _, s := range tr.Trs {
				if n := strings.Count(s, "_"); n != 1 {
					t.Errorf("%s: %q has %d letters behind Alt, %q has one", language, s, n, id)
				}
			}
		}
	}
}

// A sentence from right to left that begins with Latin letters is turned round by the toolkit, unless a mark says which
// way it runs.
func TestRightToLeftTextsSayWhichWayTheyRun(t *testing.T) {
	const mark = '\u200f'
	_, texts := read(t, "fa.po")
	for id, tr := range texts {
		for _, s := range tr.Trs {
			persian := strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Arabic, r) })
			first := []rune(strings.TrimLeft(s, "\n "))[0]
			latin := first == '%' || unicode.Is(unicode.Latin, first)
			if persian && latin {
				t.Errorf("%q begins with %q and no %U: %q", id, first, mark, s)
			}
		}
	}
}
