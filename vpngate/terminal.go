// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/po"
)

// terminalWidth returns the columns of the terminal behind f, 0 if f is not a terminal or does not say.
func terminalWidth(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// A progress line shows on a terminal how much of the list has arrived.
type progress struct {
	w    io.Writer
	last time.Time
	seen bool
}

// progressPause is the least time between two changes of the line.
const progressPause = 200 * time.Millisecond

const eraseLine = "\r\x1b[K"

func (p *progress) tell(n int) {
	if now := time.Now(); now.Sub(p.last) >= progressPause {
		p.last, p.seen = now, true
		_, _ = fmt.Fprintf(p.w, "%s%s", eraseLine, po.F(textFetching, po.F(textKiB, n>>10)))
	}
}

// done removes the line.
func (p *progress) done() {
	if p.seen {
		_, _ = io.WriteString(p.w, eraseLine)
	}
}
