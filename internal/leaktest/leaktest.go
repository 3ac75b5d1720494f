// SPDX-License-Identifier: Apache-2.0

// Package leaktest looks for goroutines that tests left behind, or that never come to an end.
package leaktest

import (
	"os"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Patience is longer than anything takes that has not hung, also on a computer that is slow and busy.
const Patience = time.Minute

// Main runs the tests of a package, and fails if goroutines are left after all of them.
func Main(m *testing.M) { os.Exit(M{m}.Run()) }

// M is a [testing.M] for testscript.Main, which fails if goroutines are left after all tests.
type M struct{ *testing.M }

// Run runs the tests. Goroutines that are left end it with a panic: of a mere failure outside of all tests, a tool that
// repeats the tests that failed finds none to repeat, and takes it for a success.
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

// left waits for the goroutines that are about to end, and returns those that do not.
func left(patience time.Duration) (err error) {
	for end := time.Now().Add(patience); ; {
		if err = goleak.Find(); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// Ends fails the test if f does not come to an end, and says where everybody is: a test that hung until the time-out of
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
