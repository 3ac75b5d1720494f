// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// What the documents do in the source tree.

// here runs a program in the source tree, as somebody does who builds it.
func (v *visitor) here(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(v.ctx, perTest)
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir = v.root
	out, err := c.CombinedOutput()
	return string(out), err
}

// makes knows which targets are tried: what .ci/run makes, what
// TestInstalledIsWhatUninstallTakesAway makes, the stage that every test here stands on, the benchmark and the fuzzing, of which the options are
// tried here, the table of roaming, and the storm, of which lab/storm tries a short one. Packages are made from scripts, which are only parsed.
func (v *visitor) makes(s shown) error {
	targets := []string{"all"}
	for _, word := range s.words[1:] {
		name, value, option := strings.Cut(word, "=")
		switch {
		case option && name == "BENCH":
			if out, err := v.here("go", "run", "./lab/bench", value, "-h"); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
		case option && name == "FUZZ":
			if err := v.fuzzes(strings.Fields(value)); err != nil {
				return err
			}
		case option:
			makefile, err := os.ReadFile(filepath.Join(v.root, "Makefile"))
			if err != nil || !strings.Contains(string(makefile), "$("+name+")") && name != "DESTDIR" { // which is meson's
				return fmt.Errorf("the Makefile has no %s (%v)", name, err)
			}
		default:
			targets = append(targets, word)
		}
	}
	ci, err := os.ReadFile(filepath.Join(v.root, ".ci", "run"))
	if err != nil {
		return err
	}
	for _, target := range targets {
		out, err := v.here("make", "--no-print-directory", "--dry-run", target)
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		if strings.Contains(out, "LAB_PREFIX=") && !strings.Contains(out, ":/usr/sbin:") {
			return fmt.Errorf("make %s finds no servers for an ordinary user of Debian, whose PATH has no /usr/sbin: %s", target, out)
		}
		script := ""
		if words := strings.Fields(out); len(words) > 0 && strings.HasPrefix(words[0], "packaging/") {
			script = words[0]
			if err := v.parses(script); err != nil {
				return err
			}
		}
		tried := regexp.MustCompile(`(?m)^(exec )?make ` + regexp.QuoteMeta(target) + `$`).Match(ci)
		if !tried && script == "" && !slices.Contains([]string{"all", "stage", "bench", "fuzz", "storm", "roaming", "install", "uninstall"}, target) {
			return fmt.Errorf("nothing tries make %s", target)
		}
	}
	return nil
}

// script is for what takes a machine or the Internet to run.
func (v *visitor) script(s shown) error { return v.parses(s.words[0]) }

// parses has a shell read a script of the source, and run nothing of it.
func (v *visitor) parses(path string) error {
	info, err := os.Stat(filepath.Join(v.root, path))
	if err != nil {
		return err
	}
	if info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not executable", path)
	}
	if out, err := v.here("bash", "-n", path); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// fuzzes has lab/fuzz look for the targets below the folders, and fuzz none of them. Other options it is only asked for.
func (v *visitor) fuzzes(options []string) error {
	usage, _ := v.here("go", "run", "./lab/fuzz", "-h")
	folders := []string{"run", "./lab/fuzz", "-time", "0"}
	for _, o := range options {
		if !strings.HasPrefix(o, "-") {
			folders = append(folders, o)
		} else if !strings.Contains(usage, "  "+o+"\n") {
			return fmt.Errorf("lab/fuzz has no %s: %s", o, usage)
		}
	}
	out, err := v.here(append([]string{"go"}, folders...)...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// meson has to be a command that make runs, and so is tried with it.
func (v *visitor) meson(s shown) error {
	out, err := v.here("make", "--dry-run", "--always-make", "stage", "install", "BUILD=build")
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	for line := range strings.Lines(out) {
		rest := strings.Fields(line)
		matches := true
		for _, word := range s.words {
			i := slices.Index(rest, word)
			if matches = i >= 0; !matches {
				break
			}
			rest = rest[i+1:]
		}
		if matches {
			return nil
		}
	}
	return errors.New("make does not do this")
}

func (v *visitor) goes(s shown) error {
	line := strings.Join(s.words, " ")
	switch s.words[1] {
	case "tool":
		result := "goos: linux\nBenchmarkX 1 100 ns/op\n"
		for _, file := range []string{"before.txt", "after.txt"} {
			path := filepath.Join(v.t.TempDir(), file)
			if err := os.WriteFile(path, []byte(result), 0o644); err != nil {
				return err
			}
			line = strings.ReplaceAll(line, file, path)
		}
	case "test":
		return v.tests(s.words[2:])
	case "generate":
		line = strings.Replace(line, "go generate", "go generate -n", 1)
	}
	out, err := v.here("sh", "-c", line)
	if err == nil && out == "" && s.words[1] == "generate" {
		err = errors.New("there is nothing to generate")
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, out)
	}
	return nil
}

// tests compiles the packages, which is enough here, and looks for what is to be run in them.
func (v *visitor) tests(words []string) error {
	var packages, names []string
	for i := 0; i < len(words) && words[i] != ">"; i++ {
		switch word := words[i]; {
		case word == "-run" || word == "-fuzz" || word == "-bench":
			i++
			names = append(names, words[i])
		case word == "-count" || word == "-fuzztime":
			i++
		case word != "-v":
			packages = append(packages, word)
		}
	}
	if out, err := v.here(append([]string{"go", "vet"}, packages...)...); err != nil {
		return fmt.Errorf("go vet %s: %w: %s", strings.Join(packages, " "), err, out)
	}
	for _, name := range names {
		if name == "^$" || name == "." {
			continue
		}
		if out, err := v.here("grep", "-rqE", "--include=*_test.go", "^func "+name, strings.TrimSuffix(packages[0], "/...")); err != nil {
			return fmt.Errorf("%s has no %s: %w%s", packages[0], name, err, out)
		}
	}
	return nil
}
