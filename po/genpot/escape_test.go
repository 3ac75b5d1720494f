// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sentence is what two words make: a text for people rather than a name.
var sentence = regexp.MustCompile(`\pL{2,} \pL{2,}`)

// english says why a text may stay English.
var english = map[string]string{
	"../../auth-dialog/main.go":   "for the agent's log: the person sees none of it",
	"../../auth-dialog/ask.go":    "for the agent's log: the person sees none of it",
	"../../auth-dialog/stdin.go":  "for the agent's log: the person sees none of it",
	"../../auth-dialog/recall.go": "for the agent's log: the person sees none of it",
	"../../profile/rules.go":      "warnings in the service's journal",
	"../../profile/parse.go":      "warnings in the service's journal",
	"../../profile/identity.go":   "a mistake of a program",
	"../../profile/errors.go":     "the frame around a text, in the service's journal",
	"../../vpngate/parse.go":      "reasons for which rows are counted; a person sees the counts",
	"../../vpngate/connection.go": "what NetworkManager stores",
	"../../editor/gtk/gtk.go":     "a mistake of a program",
}

// TestNoErrorForPeopleIsPlainEnglish looks for errors and formatted texts that bypass package po in the packages whose
// errors a person reads.
func TestNoErrorForPeopleIsPlainEnglish(t *testing.T) {
	for _, folder := range []string{"auth-dialog", "editor", "editor/form", "editor/gtk", "profile", "profile/vpnfile", "status", "vpngate"} {
		paths, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no sources in %s: %v", folder, err)
		}
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") && english[path] == "" {
				checkFile(t, path)
			}
		}
	}
}

func checkFile(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "panic" {
			return false
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := selector.X.(*ast.Ident)
		if !ok || x.Name != "fmt" && x.Name != "errors" {
			return true
		}
		for _, arg := range call.Args {
			if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING && sentence.MatchString(lit.Value) {
				t.Errorf("%s: %s.%s(%s): a person may read this, so it has to go through package po", fset.Position(n.Pos()), x.Name, selector.Sel.Name, lit.Value)
			}
		}
		return true
	})
}
