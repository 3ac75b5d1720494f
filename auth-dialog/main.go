// SPDX-License-Identifier: Apache-2.0

// Nm-softether-auth-dialog is the program that secret agents (GNOME Shell, nm-applet, nmcli --ask, nmtui) run
// as the user to learn which secrets a SoftEther connection needs. NetworkManager itself never runs it.
//
// It reads the connection from standard input and answers on standard output (networkmanager.md 5). With
// --external-ui-mode, the answer is a key file that tells the agent what to ask for, and the program touches
// no display. Without it, the answer is the secrets themselves, asked for in a window of our own (package
// window).
//
// Secrets that the agent keeps in the person's keyring but does not pass on are read from there (package
// keyring). The program touches no files but its translations and no network, and never asks for anything
// unless it was called with -i.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/auth-dialog/window"
	"network-manager-softether/po/catalog"
	"network-manager-softether/profile"
)

const program = "nm-softether-auth-dialog"

// patience is how long the agent may take to describe the connection, and how long the program waits for QUIT
// before it exits by itself (networkmanager.md 5.4).
const patience = 20 * time.Second

var errSlow = errors.New("nothing more came within 20 seconds")

func main() {
	catalog.Load()
	// GNOME Shell closes our standard error at once; a message there must not end the answer.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, session{keyring: sessionKeyring, ask: window.Ask, terminal: terminalAsks()}))
}

// session is what the program uses of the person's desktop session.
type session struct {
	// keyring returns those of the named secrets of a connection that are in the keyring.
	keyring func(ctx context.Context, uuid string, names []string) (map[string]string, error)
	// ask is window.Ask.
	ask func(context.Context, window.Question) (map[string]string, error)
	// terminal is set where nmcli or nmtui is the agent.
	terminal bool
}

// terminalAsks determines whether nmcli or nmtui has started this program.
func terminalAsks() bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", os.Getppid()))
	return err == nil && (strings.HasPrefix(string(name), "nmcli") || strings.HasPrefix(string(name), "nmtui"))
}

// run is the program; it returns its exit status: 0, or 1, which agents take as "cancelled".
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, s session) int {
	fail := func(err error) int {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return 1
	}
	o := parseArgs(args)
	if o.help {
		_, _ = io.WriteString(stdout, usage)
		return 0
	}
	if o.service != profile.ServiceType {
		return fail(fmt.Errorf("this program serves connections of type %s only and is run by NetworkManager's clients (--help says more); --service was %q", profile.ServiceType, o.service))
	}
	o.terminal = s.terminal
	in := newLineReader(stdin)
	var conn connection
	err := within(patience, func() (err error) {
		conn, err = readConnection(in)
		return err
	})
	if err != nil {
		return fail(fmt.Errorf("reading the connection from standard input: %w", err))
	}
	if err := s.recall(o, conn); err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", program, err) // the secret is asked for then
	}
	q := decide(o, conn)
	if o.external {
		err = writeExternal(stdout, q)
	} else {
		err = s.answer(in, stdout, o, conn, q)
	}
	if errors.Is(err, window.ErrCancelled) {
		return 1
	}
	if err != nil {
		return fail(err)
	}
	return 0
}

// within returns what f returns, or errSlow after d. In the latter case f is left behind, blocked on standard
// input, as the program is about to end.
func within(d time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errSlow
	}
}
