// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A target is a fuzz test.
type target struct {
	dir  string // of its package, as go test takes it
	name string
}

var declared = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(\w+ \*testing\.F\)`)

// find returns the targets in the source below root that are in or below one of the directories.
func find(root string, folders []string) ([]target, error) {
	var targets []target
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (d.Name() == "build" || d.Name() == "vendor" || d.Name() == "testdata" || d.Name()[0] == '.'):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, "_test.go") || !within(path.Dir(name), folders):
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			targets = append(targets, target{"./" + path.Dir(name), string(m[1])})
		}
		return err
	})
	slices.SortFunc(targets, func(a, b target) int { return strings.Compare(a.dir+" "+a.name, b.dir+" "+b.name) })
	return targets, err
}

func within(dir string, folders []string) bool {
	return len(folders) == 0 || slices.ContainsFunc(folders, func(f string) bool {
		f = path.Clean(f)
		return f == "." || dir == f || strings.HasPrefix(dir, f+"/")
	})
}
