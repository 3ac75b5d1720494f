// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/profile"
)

func TestMain(m *testing.M) {
	testscript.Main(leaktest.M{M: m}, map[string]func(){program: main})
}

// TestProgram runs the program itself; see testdata.
func TestProgram(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, Setup: func(env *testscript.Env) error {
		env.Setenv("GORACE", "atexit_sleep_ms=0") // else the race detector makes every run a second longer
		return nil
	}})
}

var plainArgs = []string{"-u", "1", "-n", "Office", "-s", profile.ServiceType}

// A known password, without the QUIT that ends the program.
const known = "DATA_KEY=user\nDATA_VAL=joe\n\nSECRET_KEY=password\nSECRET_VAL=x\n\nDONE\n\n"

func TestNormalModeWaitsForQuitAndNotLonger(t *testing.T) {
	for _, tc := range []struct {
		why  string
		act  func(w *io.PipeWriter)
		want time.Duration
	}{
		{"the agent says QUIT", func(w *io.PipeWriter) { io.WriteString(w, "QUIT\n") }, 5 * time.Second},
		{"the agent says QUIT without a newline and hangs up", func(w *io.PipeWriter) { io.WriteString(w, "\n\nQUIT"); w.Close() }, 5 * time.Second},
		{"the agent hangs up", func(w *io.PipeWriter) { w.Close() }, 5 * time.Second},
		{"the agent says something else", func(w *io.PipeWriter) { io.WriteString(w, "HELLO\n") }, 20 * time.Second},
		{"the agent is silent", func(*io.PipeWriter) {}, 20 * time.Second},
	} {
		t.Run(tc.why, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				r, w := io.Pipe()
				defer w.Close()
				var out, errs bytes.Buffer
				done := make(chan int)
				begin := time.Now()
				go func() { done <- run(plainArgs, r, &out, &errs, session{}) }()
				io.WriteString(w, known)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if want := "password\nx\n\n\n"; out.String() != want {
					t.Errorf("before QUIT: got %q, want %q", out.String(), want)
				}
				go tc.act(w)
				if code := <-done; code != 0 || errs.Len() > 0 {
					t.Errorf("exit status %d, stderr %q", code, errs.String())
				}
				if got := time.Since(begin); got != tc.want {
					t.Errorf("ended after %v, want %v", got, tc.want)
				}
			})
		})
	}
}

func TestAgentThatNeverFinishesIsNotWaitedFor(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		r, w := io.Pipe()
		defer w.Close()
		go io.WriteString(w, "DATA_KEY=user\nDATA_VAL=joe\n")
		var out, errs bytes.Buffer
		begin := time.Now()
		code := run(append(plainArgs, "--external-ui-mode"), r, &out, &errs, session{})
		if got := time.Since(begin); code != 1 || got != patience || out.Len() > 0 || !strings.Contains(errs.String(), "20 seconds") {
			t.Errorf("exit status %d after %v, stdout %q, stderr %q", code, got, out.String(), errs.String())
		}
	})
}

// An agent that is gone is no reason for more than an exit status.
func TestAnswerNobodyReads(t *testing.T) {
	for _, extra := range []string{"--external-ui-mode", "-r"} {
		r, w := io.Pipe()
		r.Close()
		var errs bytes.Buffer
		if code := run(append(plainArgs, extra), strings.NewReader("DATA_KEY=auth-type\nDATA_VAL=anonymous\nDONE\n"), w, &errs, session{}); code != 1 || errs.Len() == 0 {
			t.Errorf("%s: exit status %d, stderr %q", extra, code, errs.String())
		}
	}
}
