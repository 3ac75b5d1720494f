// SPDX-License-Identifier: Apache-2.0

// Package docs holds the documents, and the tests that what code and documents cite exists.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sources are the files of the tree that may cite something, by name relative to its root.
func sources(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "build" || d.Name() == "vendor"):
			return filepath.SkipDir
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".c", ".h", ".py":
			b, err := os.ReadFile(path)
			texts[strings.TrimPrefix(path, "../")] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestCitedSectionsExist(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^#{2,3} (?:Appendix )?([0-9A-Z]+(?:\.[0-9]+)?)[. ]`)
	sections := make(map[string]map[string]bool)
	for _, name := range []string{"softether-protocol.md", "networkmanager.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sections[name] = make(map[string]bool)
		for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
			sections[name][m[1]] = true
		}
	}
	cited := regexp.MustCompile(`(softether-protocol\.md|networkmanager\.md)` + "`?" + `,? (?:[Aa]ppendix |sections? )?([0-9]+(?:\.[0-9]+)?|A\b)`)
	n := 0
	for path, text := range sources(t) {
		for _, m := range cited.FindAllStringSubmatch(text, -1) {
			n++
			if !sections[m[1]][m[2]] {
				t.Errorf("%s: %s has no section %s", path, m[1], m[2])
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d citations were found", n)
	}
}

func TestCitedDocumentsExist(t *testing.T) {
	cited := regexp.MustCompile(`\b[\w./-]+\.md\b`)
	for path, text := range sources(t) {
		if path == "docs/docs_test.go" {
			continue
		}
		for _, m := range cited.FindAllString(text, -1) {
			found := false
			for _, dir := range []string{"..", ".", filepath.Join("..", filepath.Dir(path))} {
				_, err := os.Stat(filepath.Join(dir, m))
				found = found || err == nil
			}
			if !found && !strings.HasSuffix(path, "_test.go") {
				t.Errorf("%s cites %s, which is not there", path, m)
			}
		}
	}
}

func TestCitedTestsExist(t *testing.T) {
	texts := sources(t)
	cited := regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	n := 0
	for path, text := range texts {
		if !strings.HasSuffix(path, ".md") {
			continue
		}
		for _, m := range cited.FindAllStringSubmatch(text, -1) {
			n++
			found := false
			for _, code := range texts {
				found = found || strings.Contains(code, "\nfunc "+m[1]+"(")
			}
			if !found {
				t.Errorf("%s: there is no %s", path, m[1])
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d tests are cited", n)
	}
}

func TestCitedFilesExist(t *testing.T) {
	cited := regexp.MustCompile("`((?:service|protocol|frame|internal|prompt|tapbridge|dhcp|profile|lab|editor|strict|notify|status|auth-dialog|vpngate|packaging|data)/[a-z0-9_/.-]*[a-z0-9])`")
	for path, text := range sources(t) {
		if !strings.HasSuffix(path, ".md") {
			continue
		}
		for _, m := range cited.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("%s: there is no %s", path, m[1])
			}
		}
	}
}

// Vectors are of use as long as they are right: each is in a test that computes it.
func TestVectorsAreThoseOfTests(t *testing.T) {
	doc, err := os.ReadFile("softether-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, vectors, _ := strings.Cut(string(doc), "\n## Appendix A")
	var tests strings.Builder
	for path, text := range sources(t) {
		if strings.HasSuffix(path, "_test.go") {
			tests.WriteString(regexp.MustCompile(`[\s"+]|//.*`).ReplaceAllString(text, ""))
		}
	}
	found := regexp.MustCompile(`\b[0-9a-f]{12,}\b`).FindAllString(vectors, -1)
	for _, hex := range found {
		if !strings.Contains(tests.String(), hex) {
			t.Errorf("no test has %s", hex)
		}
	}
	if len(found) < 20 {
		t.Errorf("only %d numbers were found", len(found))
	}
}
