// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Traced makes the service run under strace, which writes every system call into one file per process in dir.
// dir must exist and belong to root.
func (p *Plugin) Traced(dir string) error {
	wrapper := filepath.Join(dir, "traced-service")
	// -D makes strace the grandchild, so the service stays the process that NetworkManager has started.
	script := fmt.Sprintf("#!/bin/sh\nexec strace -D -f -qq -e signal=none -o %s/trace.$$ %s \"$@\"\n", dir, p.Service)
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		return err
	}
	p.Service = wrapper
	return nil
}

// A Call is a system call recorded by strace.
type Call struct {
	Name   string
	Text   string // including its arguments and result
	Denied bool   // it ended with EPERM
}

// strace writes "PID name(arguments) = result", or splits that around what other threads do.
var (
	wholeCall   = regexp.MustCompile(`^\d+ +(\w+)\(.*\) += +(.*)$`)
	resumedCall = regexp.MustCompile(`^\d+ +<\.\.\. (\w+) resumed>.*\) += +(.*)$`)
)

// CallsInSandbox reads what Traced has recorded in dir, from the point where a process has loaded its system
// call filter.
func CallsInSandbox(dir string) ([]Call, error) {
	traces, err := filepath.Glob(filepath.Join(dir, "trace.*"))
	if err != nil {
		return nil, err
	}
	var calls []Call
	for _, path := range traces {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		inside := false
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			m := wholeCall.FindStringSubmatch(lines.Text())
			if m == nil {
				m = resumedCall.FindStringSubmatch(lines.Text())
			}
			switch {
			case m == nil:
			case inside:
				calls = append(calls, Call{Name: m[1], Text: lines.Text(), Denied: strings.Contains(m[2], "EPERM")})
			case m[1] == "seccomp" && m[2] == "0":
				inside = true
			}
		}
		err = lines.Err()
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return calls, nil
}
