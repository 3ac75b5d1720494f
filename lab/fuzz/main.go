// SPDX-License-Identifier: Apache-2.0

// Command fuzz runs the fuzz targets of this module one after another, the way `go test -fuzz` runs one. It
// finds them in the source, so that none is forgotten. Arguments are directories, including what is below
// them; none means all. `make fuzz` runs it, and `make check` runs what faces the network for a second each.
//
// With -keep, it adds to testdata/fuzz those inputs, out of all that were ever found on this computer, that
// cover code not covered by the others.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", 10*time.Second, "how long each target is fuzzed")
	keep := flag.Bool("keep", false, "afterwards, add inputs that cover more to testdata/fuzz")
	flag.Parse()
	if err := run(flag.Args(), *each, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

func run(folders []string, each time.Duration, keep bool) error {
	targets, err := find(".", folders)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return fmt.Errorf("no fuzz target below %q", folders)
	}
	var broken []error
	for _, t := range targets {
		err := t.fuzz(each)
		if err == nil && keep {
			err = t.keep()
		}
		if err != nil {
			broken = append(broken, err)
		}
	}
	return errors.Join(broken...)
}

// lastCount matches go test's report of its progress.
var lastCount = regexp.MustCompile(`execs: (\d+).*total: (\d+)`)

// fuzz looks for inputs that break the target. go test writes one that does to testdata/fuzz.
func (t target) fuzz(each time.Duration) error {
	if each == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), each+5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each.String(), t.dir).CombinedOutput()
	// An end in the middle of an input is sometimes reported as a failure (go.dev/issue/75804).
	if err != nil && (!bytes.Contains(out, []byte("context deadline exceeded")) || bytes.Contains(out, []byte("Failing input written"))) {
		return fmt.Errorf("%v: %w\n%s", t, err, out)
	}
	tried, known := "0", "0"
	for _, m := range lastCount.FindAllSubmatch(out, -1) {
		tried, known = string(m[1]), string(m[2])
	}
	fmt.Printf("%-60s %10s inputs tried, %s known\n", t, tried, known)
	return nil
}

func (t target) String() string { return strings.TrimPrefix(t.dir, "./") + " " + t.name }
