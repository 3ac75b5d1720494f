// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTerminalIsRecognized(t *testing.T) {
	pty, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pty.Close()
	if err := unix.IoctlSetWinsize(int(pty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 25, Col: 77}); err != nil {
		t.Fatal(err)
	}
	if w := terminalWidth(pty); w != 77 || !isTerminal(pty) {
		t.Errorf("a terminal of 77 columns: width %d, terminal %v", w, isTerminal(pty))
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if w := terminalWidth(file); w != 0 || isTerminal(file) {
		t.Errorf("a file: width %d, terminal %v", w, isTerminal(file))
	}
}
