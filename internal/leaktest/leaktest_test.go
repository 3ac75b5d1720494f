// SPDX-License-Identifier: Apache-2.0

package leaktest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// failures is a test that only notes how it failed.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func TestAHangIsToldWithWhereItHangs(t *testing.T) {
	f := &failures{}
	ends(f, "something quick", func() {}, Patience)
	if len(f.said) > 0 {
		t.Errorf("said %q", f.said)
	}
	over := make(chan struct{})
	defer close(over)
	ends(f, "the session", func() { <-over }, 10*time.Millisecond)
	if len(f.said) != 1 || !strings.HasPrefix(f.said[0], "the session has not ended") || !strings.Contains(f.said[0], "TestAHangIsToldWithWhereItHangs.func") {
		t.Errorf("said %q", f.said)
	}
}

func TestGoroutinesMayTakeTheirTimeButMustEnd(t *testing.T) {
	over := make(chan struct{})
	go func() { <-over }()
	if err := left(0); err == nil || !strings.Contains(err.Error(), "TestGoroutinesMayTakeTheirTimeButMustEnd") {
		t.Errorf("found %v", err)
	}
	time.AfterFunc(time.Second, func() { close(over) }) // goleak itself waits for less
	if err := left(Patience); err != nil {
		t.Error(err)
	}
}
