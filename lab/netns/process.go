// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// BusSocket is where the system bus is on a host that has one.
const BusSocket = "/run/dbus/system_bus_socket"

// A Process is a program the lab runs in the background on a host.
type Process struct {
	Name string
	// Log is the file with everything the program printed.
	Log string

	cmd  *exec.Cmd
	done chan struct{}
}

// A Command is a program to run on a host.
type Command struct {
	Args  []string
	Env   []string // added to the lab's environment
	Stdin string
	// Caps, if not nil, is the capability bounding set, as systemd's CapabilityBoundingSet.
	Caps []uintptr
	// User, if not 0, is the user and group id the program runs with.
	User uint32
}

// A Result is what a finished program left.
type Result struct {
	Stdout, Stderr string
	Code           int
	Took           time.Duration
}

// Text is both outputs together, for messages.
func (r Result) Text() string { return strings.TrimSpace(r.Stdout + r.Stderr) }

// Run runs a program on the host to its end. err says why it could not be run or that ctx ended; a program
// that ran and failed only has a Code other than 0.
func (h *Host) Run(ctx context.Context, c Command) (Result, error) {
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.Stdin), &out, &errOut
	cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
	began := time.Now()
	if err := h.start(cmd, c); err != nil {
		return Result{}, fmt.Errorf("starting %s on %s: %w", c.Args[0], h.Name, err)
	}
	err := cmd.Wait()
	res := Result{Stdout: out.String(), Stderr: errOut.String(), Code: cmd.ProcessState.ExitCode(), Took: time.Since(began)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return res, fmt.Errorf("%s on %s did not end in time: %w: %s", strings.Join(c.Args, " "), h.Name, ctx.Err(), res.Text())
	case err == nil, errors.As(err, &exit):
		return res, nil
	}
	return res, fmt.Errorf("%s on %s: %w", c.Args[0], h.Name, err)
}

// Must is Run for programs whose failure is an error.
func (h *Host) Must(ctx context.Context, args ...string) (string, error) {
	res, err := h.Run(ctx, Command{Args: args})
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("%s on %s: exit status %d: %s", strings.Join(args, " "), h.Name, res.Code, res.Text())
	}
	return res.Stdout, err
}

// Start starts a background program on the host. Its output is appended to the host's log file of that name.
func (h *Host) Start(name string, c Command) (*Process, error) {
	p := &Process{Name: name, Log: h.Path("/" + name + ".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(c.Args[0], c.Args[1:]...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = strings.NewReader(c.Stdin), log, log
	if err := h.start(p.cmd, c); err != nil {
		return nil, fmt.Errorf("starting %s on %s: %w", name, h.Name, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (h *Host) start(cmd *exec.Cmd, c Command) error {
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "LANG=C.UTF-8" /* vpncmd looks at this one */, "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+BusSocket)
	cmd.Env = append(cmd.Env, c.Env...)
	cmd.Dir = "/"
	if c.User != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.User, Gid: c.User}}
	}
	return h.inside(func() error {
		if c.Caps != nil {
			if err := limitCaps(c.Caps); err != nil {
				return err
			}
		}
		return cmd.Start()
	})
}

// limitCaps drops everything but keep from the calling thread's capability bounding set.
func limitCaps(keep []uintptr) error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		kept := false
		for _, k := range keep {
			kept = kept || k == c
		}
		if kept {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("dropping capability %d: %w", c, err)
		}
	}
	return nil
}

// PID is the process id inside the lab.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running returns an error for Await if the program has ended.
func (p *Process) Running() error {
	select {
	case <-p.done:
		return hopeless{fmt.Errorf("%s has ended\n%s", p.Name, p.Tail(30))}
	default:
		return nil
	}
}

// Stop sends sig and waits until the program has ended.
func (p *Process) Stop(ctx context.Context, sig syscall.Signal) error {
	_ = p.cmd.Process.Signal(sig) // an error means it has ended already
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s (pid %d) does not end on %s: %w\n%s", p.Name, p.PID(), sig, ctx.Err(), p.Tail(20))
	}
}

// Tail returns the last n lines of the log.
func (p *Process) Tail(n int) string { return Tail(p.Log, n) }

// Tail returns the last n lines of a file, under a heading.
func Tail(file string, n int) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return fmt.Sprintf("--- last lines of %s\n%s\n---", file, strings.Join(lines, "\n"))
}

// End asks the program to end, and waits until it has.
func (p *Process) End(ctx context.Context) error { return p.Stop(ctx, syscall.SIGTERM) }
