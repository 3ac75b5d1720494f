// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// A netns is a network namespace of its own, that of one thread which lives as long
// as the test. It is gone when the test is over, with all that is in it.
type netns struct {
	t    testing.TB
	work chan func()
}

func newNetns(t testing.TB) *netns {
	t.Helper()
	n := &netns{t: t, work: make(chan func())}
	ready, gone := make(chan error), make(chan struct{})
	go func() {
		defer close(gone)
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		ready <- err
		if err != nil {
			return
		}
		for f := range n.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		t.Fatalf("cannot make a network namespace (these tests need root): %v", err)
	}
	t.Cleanup(func() { close(n.work); <-gone })
	n.run("ip", "link", "set", "lo", "up")
	return n
}

// do runs f on the namespace's thread. Sockets and devices made by f stay in the
// namespace; processes started by f run there.
func (n *netns) do(f func()) {
	done := make(chan struct{})
	n.work <- func() { defer close(done); f() }
	<-done
}

// run runs a program to its end and returns its output.
func (n *netns) run(name string, args ...string) string {
	n.t.Helper()
	out, err := n.try(name, args...)
	if err != nil {
		n.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return out
}

func (n *netns) try(name string, args ...string) (string, error) {
	cmd := exec.CommandContext(n.t.Context(), name, args...)
	var out []byte
	var err error
	n.do(func() { out, err = cmd.CombinedOutput() })
	return string(out), err
}
