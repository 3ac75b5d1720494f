// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// section returns what is below a heading of architecture.md.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("architecture.md has no section %q", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

func TestThePictureOfPackagesIsTrue(t *testing.T) {
	drawn := make(map[string]bool)
	for line := range strings.Lines(section(t, "Who imports whom")) {
		from, list, arrow := strings.Cut(line, " -> ")
		for to := range strings.FieldsSeq(list) {
			if arrow {
				drawn[strings.TrimSpace(from)+" -> "+to] = true
			}
		}
	}
	found := make(map[string]bool)
	imports(t, func(_, pkg, imported string) {
		imported, ours := strings.CutPrefix(imported, module)
		if !ours || strings.HasSuffix(pkg, "test") { // which only tests import
			return
		}
		from := pkg
		if room(imported) != room(pkg) {
			from = room(pkg)
		}
		found[from+" -> "+imported] = true
	})
	for _, arrow := range slices.Sorted(maps.Keys(found)) {
		if !drawn[arrow] {
			t.Errorf("the picture lacks %s", arrow)
		}
	}
	for _, arrow := range slices.Sorted(maps.Keys(drawn)) {
		if !found[arrow] {
			t.Errorf("the picture has %s, the code has not", arrow)
		}
	}
}

func TestEveryFolderIsARoom(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	rooms := section(t, "The rooms")
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || name[0] == '.' || name == "build" || name == "vendor" {
			continue
		}
		if !strings.Contains(rooms, "\n| `"+name+"` |") {
			t.Errorf("architecture.md has no room %s", name)
		}
	}
}

func TestWordsAreInTheCode(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| ([A-Za-z, -]+) \\| .* \\| (`.*`) \\|$")
	n := 0
	for _, m := range row.FindAllStringSubmatch(section(t, "Words"), -1) {
		var code strings.Builder
		for file := range strings.SplitSeq(m[2], ", ") {
			text, err := os.ReadFile("../" + strings.Trim(file, "`"))
			if err != nil {
				t.Error(err)
			}
			code.Write(text)
		}
		for word := range strings.SplitSeq(m[1], ", ") {
			n++
			if !strings.Contains(strings.ToLower(code.String()), strings.ToLower(word)) {
				t.Errorf("nothing is called %q in %s", word, m[2])
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d words were found", n)
	}
}
