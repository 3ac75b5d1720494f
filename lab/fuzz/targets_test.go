// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTargetsAreFoundInTheSource(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/a_test.go":            "func FuzzOne(f *testing.F) {}\nfunc FuzzTwo(f *testing.F) {\n}\nfunc Fuzzy() {}\n",
		"a/b/b_test.go":          "// func FuzzNo(f *testing.F)\nfunc FuzzThree(tf *testing.F) {}\n",
		"ab/c_test.go":           "func FuzzFour(f *testing.F) {}\n",
		"a/a.go":                 "func FuzzNo(f *testing.F) {}\n",
		"vendor/x/x_test.go":     "func FuzzNo(f *testing.F) {}\n",
		"a/testdata/d/d_test.go": "func FuzzNo(f *testing.F) {}\n",
	} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for folders, want := range map[string]string{
		"":         "a FuzzOne, a FuzzTwo, a/b FuzzThree, ab FuzzFour",
		"./a":      "a FuzzOne, a FuzzTwo, a/b FuzzThree",
		"a/b ./ab": "a/b FuzzThree, ab FuzzFour",
		"nowhere":  "",
	} {
		targets, err := find(root, strings.Fields(folders))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, target := range targets {
			got = append(got, target.String())
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("below %q (-want +got)\n%s", folders, diff)
		}
	}
}
