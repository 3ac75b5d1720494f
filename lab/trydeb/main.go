// SPDX-License-Identifier: Apache-2.0

// Command trydeb does with the Debian packages what their users do, and shows it: install, connect as an
// ordinary user, upgrade under the living connection, remove, purge. It changes the machine that it runs on;
// packaging/try-deb gives it one of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
)

func main() { os.Exit(netns.Main(run)) }

const limit = 5 * time.Minute

func run() int {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: trydeb FOLDER-WITH-PACKAGES")
		return 2
	}
	t := &trial{ctx: ctx, folder: os.Args[1]}
	if err := t.all(); err != nil {
		fmt.Println("FAILED:", err)
		if t.lab != nil {
			fmt.Println(t.lab.Desktop.VPNLog(0))
		}
		return 1
	}
	fmt.Println("\nAll of it worked.")
	return 0
}

// A trial is one run.
type trial struct {
	ctx         context.Context
	folder      string
	core, gnome string // package files
	lab         *lab.Lab
}

const (
	corePackage  = "network-manager-softether"
	gnomePackage = corePackage + "-gnome"
	dialog       = "/usr/lib/NetworkManager/nm-softether-auth-dialog"
)

func (t *trial) all() error {
	for name, to := range map[string]*string{corePackage: &t.core, gnomePackage: &t.gnome} {
		found, err := filepath.Glob(filepath.Join(t.folder, name+"_*.deb"))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%s holds %d packages %s (%v)", t.folder, len(found), name, err)
		}
		*to = found[0]
	}
	for _, part := range []struct {
		title string
		do    func() error
	}{
		{"Install", t.install},
		{"Connect, as an ordinary user", t.connect},
		{"Upgrade under the connection", t.upgrade},
		{"Remove the desktop's package, then the other", t.remove},
		{"Purge", t.purge},
		{"Install again", t.again},
	} {
		fmt.Printf("\n== %s\n", part.title)
		if err := part.do(); err != nil {
			return err
		}
	}
	return nil
}

// sh runs a command on the machine itself and shows it.
func (t *trial) sh(args ...string) (string, error) {
	fmt.Println("#", strings.Join(args, " "))
	out, err := exec.CommandContext(t.ctx, args[0], args[1:]...).CombinedOutput()
	fmt.Print(indented(string(out)))
	if err != nil {
		return string(out), fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

// person runs a command as the ordinary user at the desktop and shows it.
func (t *trial) person(args ...string) (netns.Result, error) {
	fmt.Println("$", strings.Join(args, " "))
	r, err := t.lab.Desktop.Run(t.ctx, netns.Command{Args: args, User: netns.Person})
	fmt.Print(indented(r.Stdout + r.Stderr))
	return r, err
}

// must is person for commands that have to succeed.
func (t *trial) must(args ...string) (string, error) {
	r, err := t.person(args...)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("%s: exit status %d", strings.Join(args, " "), r.Code)
	}
	return r.Stdout, err
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
	}
	return b.String()
}

func (t *trial) install() error {
	if _, err := t.sh("dpkg", "-i", t.core); err != nil {
		return err
	}
	if err := t.dialogIs("/usr/lib/NetworkManager/softether/auth-dialog"); err != nil {
		return err
	}
	// The window needs GTK 3, which a bare machine lacks; hence --force-depends.
	if _, err := t.sh("dpkg", "-i", "--force-depends", t.gnome); err != nil {
		return err
	}
	_, err := t.sh("getent", "passwd", "nm-softether")
	return errors.Join(err, t.dialogIs("/usr/lib/NetworkManager/softether/auth-dialog-window"))
}

// dialogIs fails unless the alternative of the password dialog leads there.
func (t *trial) dialogIs(want string) error {
	got, err := filepath.EvalSymlinks(dialog)
	if err == nil && got != want {
		err = fmt.Errorf("%s is %s, want %s", dialog, got, want)
	}
	return err
}
