// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A shown is a command that a document shows.
type shown struct {
	where string // file:line
	line  string
	words []string // of line as a shell splits it, without sudo and variables of the environment
}

// TestEveryCommandOfTheDocumentsIsTried reads README.md, CONTRIBUTING.md, SECURITY.md, packaging/README.md and docs/*.md and tries each
// command that they show, in a code block or in a sentence. A command that no trial knows is an error: it needs one in trials, or is a block of text,
// which begins with ```text.
func TestEveryCommandOfTheDocumentsIsTried(t *testing.T) {
	w := network(t)
	root := sourceTree(t)
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	w.ok(err)
	v := &visitor{world: w, root: root, dir: w.Desktop.Path("/etc/NetworkManager")}
	tried := 0
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "packaging/README.md"} {
		files = append(files, filepath.Join(root, name))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		w.ok(err)
		for _, s := range commandsIn(strings.TrimPrefix(file, root+"/"), string(text)) {
			try := trials[s.words[0]]
			if try == nil {
				t.Errorf("%s: nothing tries %q", s.where, s.line)
				continue
			}
			if err := try(v, s); err != nil {
				t.Errorf("%s: %s: %v", s.where, s.line, err)
			}
			tried++
		}
	}
	if tried < 10 {
		t.Errorf("only %d commands were found", tried)
	}
}

// sourceTree is where go.mod is.
func sourceTree(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

var (
	span    = regexp.MustCompile("`([^`]+)`")
	comment = regexp.MustCompile(`\s{2,}#.*$`)
)

// commandsIn finds the commands of a document. In a sentence it takes for one what begins with the name of a program
// and has an argument; in a block, every line.
func commandsIn(file, text string) []shown {
	var found []shown
	add := func(at int, line string, block bool) {
		line = strings.TrimPrefix(strings.TrimSpace(comment.ReplaceAllString(line, "")), "$ ")
		words := slices.DeleteFunc(shellWords(line), func(s string) bool { return s == "sudo" })
		for len(words) > 0 && (words[0] == "env" || assignment.MatchString(words[0])) {
			words = words[1:]
		}
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			return
		}
		if !block && (trials[words[0]] == nil || len(words) < 2 && words[0] != "make" || slices.Contains(fragments, line)) {
			return
		}
		found = append(found, shown{fmt.Sprintf("%s:%d", file, at), line, words})
	}
	// Blocks first, which leaves the sentences.
	lines := strings.Split(text, "\n")
	var prose strings.Builder
	for i := 0; i < len(lines); i++ {
		language, fence := strings.CutPrefix(lines[i], "```")
		prose.WriteString("\n")
		if !fence {
			prose.WriteString(lines[i])
			continue
		}
		commands := slices.Contains([]string{"", "sh", "console"}, language)
		for i++; i < len(lines) && !strings.HasPrefix(lines[i], "```"); i++ {
			at, line := i+1, lines[i]
			prose.WriteString("\n")
			for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
				i++
				prose.WriteString("\n")
				line = strings.TrimSuffix(line, `\`) + strings.TrimSpace(lines[i])
			}
			if commands {
				add(at, line, true)
			}
		}
		prose.WriteString("\n")
	}
	for _, m := range span.FindAllStringSubmatchIndex(prose.String(), -1) {
		at := strings.Count(prose.String()[:m[0]], "\n")
		add(at, strings.Join(strings.Fields(prose.String()[m[2]:m[3]]), " "), false)
	}
	return found
}

// shellWords takes a line apart as a shell does, but for what it would put in place of variables.
func shellWords(line string) []string {
	var words []string
	for _, m := range word.FindAllString(line, -1) {
		words = append(words, strings.NewReplacer(`"`, "", "'", "").Replace(m))
	}
	return words
}

var word = regexp.MustCompile(`(?:[^\s"']|"[^"]*"|'[^']*')+`)

var assignment = regexp.MustCompile(`^[A-Z_]+=`)

// fragments look like commands and are not whole ones.
var fragments = []string{"nmcli --ask", "nmcli connection up", "make check", "go generate"}

func TestCommandsAreFoundInDocuments(t *testing.T) {
	const doc = "Say `nmcli connection\nup Work` or `nmcli`.\n\n```\nsudo make install   # as root\n$ nmcli a \\\n  b\n# not this\n```\n\n```text\n+--+\n```\n```sh\nX=1 go test ./...\nsudo env \"A=$B\" C=1 make x Y=\"1 2\"\n```\nAnd `make`, `profile/`.\n"
	var got []string
	for _, s := range commandsIn("x.md", doc) {
		got = append(got, fmt.Sprintf("%s %s %s", s.where, s.line, strings.Join(s.words, "|")))
	}
	want := []string{
		"x.md:5 sudo make install make|install", "x.md:6 nmcli a b nmcli|a|b", "x.md:15 X=1 go test ./... go|test|./...",
		`x.md:16 sudo env "A=$B" C=1 make x Y="1 2" make|x|Y=1 2`, "x.md:1 nmcli connection up Work nmcli|connection|up|Work", "x.md:18 make make",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
