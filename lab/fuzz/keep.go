// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds on what is kept for one target: a corpus in the source is for the code's branches, not for
// everything that was ever seen.
const (
	keptSize  = 2 << 10 // bytes of an input, as it is written
	keptFiles = 12      // added at once
)

// keep adds inputs found by go test, smallest first, each if it covers code of this module that the previous
// ones do not.
func (t target) keep() error {
	bin, err := os.CreateTemp("", "fuzz")
	if err != nil {
		return err
	}
	bin.Close()
	defer os.Remove(bin.Name())
	if out, err := exec.Command("go", "test", "-c", "-cover", "-coverpkg=./...", "-o", bin.Name(), t.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", t, err, out)
	}
	covered, err := t.covers(bin.Name(), "^"+t.name+"$")
	if err != nil {
		return err
	}
	found, err := t.found()
	if err != nil {
		return err
	}
	corpus := filepath.Join(t.dir, "testdata", "fuzz", t.name)
	had := make(map[string]bool)
	old, _ := os.ReadDir(corpus)
	for _, f := range old {
		had[f.Name()] = true
	}
	kept := 0
	for _, f := range found {
		name := filepath.Base(f)
		if had[name] || kept == keptFiles {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil || len(b) > keptSize {
			continue
		}
		if err := os.MkdirAll(corpus, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(corpus, name), b, 0o644); err != nil {
			return err
		}
		blocks, err := t.covers(bin.Name(), "^"+t.name+"$/^"+name+"$")
		if err != nil {
			return err
		}
		more := false
		for b := range blocks {
			more = more || !covered[b]
			covered[b] = true
		}
		if more {
			kept++
		} else {
			if err := os.Remove(filepath.Join(corpus, name)); err != nil {
				return err
			}
		}
	}
	os.Remove(corpus) // succeeds if it is empty
	os.Remove(filepath.Dir(corpus))
	fmt.Printf("%-60s %10d inputs kept of %d\n", t, kept, len(found))
	return nil
}

// found lists the inputs in go test's cache, the smallest first.
func (t target) found() ([]string, error) {
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return nil, err
	}
	pkg, err := exec.Command("go", "list", t.dir).Output()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)), "fuzz", strings.TrimSpace(string(pkg)), t.name, "*"))
	size := func(f string) int64 {
		if info, err := os.Stat(f); err == nil {
			return info.Size()
		}
		return 0
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(size(a), size(b)), cmp.Compare(a, b)) })
	return files, err
}

// covers runs the tests that match in the package's test program and returns the blocks of code that they reach.
func (t target) covers(program, match string) (map[string]bool, error) {
	profile := program + ".cover"
	defer os.Remove(profile)
	cmd := exec.Command(program, "-test.run="+match, "-test.coverprofile="+profile)
	cmd.Dir = t.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v, %s: %w\n%s", t, match, err, out)
	}
	f, err := os.Open(profile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	blocks := make(map[string]bool)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if block, ok := strings.CutSuffix(lines.Text(), " 1"); ok {
			blocks[block] = true
		}
	}
	return blocks, lines.Err()
}
