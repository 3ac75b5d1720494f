// SPDX-License-Identifier: Apache-2.0

// Package leaktest looks for goroutines that tests have left behind, or that never end.
package leaktest

import (
	"os"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Patience is longer than anything takes that is not stuck, even on a slow and busy computer.
const Patience = time.Minute

// Main runs the tests of a package, and fails if goroutines are left after all of them.
func Main(m *testing.M) { os.Exit(M{m}.Run()) }

// M is a [testing.M] for testscript.Main, which fails if goroutines are left after all tests.
type M struct{ *testing.M }

// Run runs the tests. If goroutines are left, it panics: after a mere failure outside all tests, a tool that
// repeats the failed tests would find none to repeat, and report success.
func (m M) Run() int {
	code := m.M.Run()
	if code != 0 {
		return code
	}
	if err := left(Patience); err != nil {
		panic(err)
	}
	return 0
}

// left waits for goroutines that are about to end, and returns an error about those that do not.
func left(patience time.Duration) (err error) {
	for end := time.Now().Add(patience); ; {
		if err = goleak.Find(); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// Ends fails the test if f does not return, and prints all stacks: a test that hangs until the time-out of
// its package would take all the others with it.
func Ends(t testing.TB, what string, f func()) {
	t.Helper()
	ends(t, what, f, Patience)
}

func ends(t testing.TB, what string, f func(), patience time.Duration) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
		stacks := make([]byte, 1<<20)
		t.Errorf("%s has not ended after %v:\n%s", what, patience, stacks[:runtime.Stack(stacks, true)])
	}
}
