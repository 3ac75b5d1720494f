// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"network-manager-softether/lab"
)

// A demo plays the story and tells it.
type demo struct {
	out  io.Writer
	lab  *lab.Lab
	part int
}

// title begins a part of the story.
func (d *demo) title(format string, args ...any) {
	d.part++
	fmt.Fprintf(d.out, "\n%d. %s\n\n", d.part, fmt.Sprintf(format, args...))
}

// tell prints an explanation.
func (d *demo) tell(format string, args ...any) {
	d.indent("", fmt.Sprintf(format, args...))
}

func (d *demo) indent(mark, text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		fmt.Fprintf(d.out, "   %s%s\n", mark, strings.TrimRight(line, "\r\n"))
	}
}

// nmcli runs nmcli on the desktop and shows the command line and its output. A failure of nmcli is an error.
func (d *demo) nmcli(ctx context.Context, stdin string, args ...string) error {
	d.indent("$ ", "nmcli "+quote(args))
	res, err := d.lab.Desktop.NMCLI(ctx, stdin, args...)
	d.indent("  ", res.Stdout+res.Stderr)
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("nmcli %s: exit status %d", quote(args), res.Code)
	}
	return err
}

// quote formats arguments as one would type them in a shell.
func quote(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " \t'\"$\\;&|<>*?()") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		quoted[i] = a
	}
	return strings.Join(quoted, " ")
}
