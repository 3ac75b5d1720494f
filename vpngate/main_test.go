// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"network-manager-softether/internal/leaktest"
)

func TestMain(m *testing.M) {
	testscript.Main(leaktest.M{M: m}, map[string]func(){program: main})
}

// TestProgram runs the program itself; see testdata. Each script finds a list at $LIST and a bus with a NetworkManager.
func TestProgram(t *testing.T) {
	list := listOf(japan("192.0.2.1"),
		row("192.0.2.2", "3", "5000000", "Korea Republic of", "KR", "21", "600000", tcp(995)),
		row("192.0.2.3", "300", "700000000", "\x1b[2J\u202eUnited States", "US", "0", "3600000", tcp(1352)),
		row("192.0.2.4", "1", "1", "Japan", "JP", "1", "1", config("proto udp", "remote 192.0.2.4 1194")),
		row("192.168.1.1", "1", "999999999999", "Japan", "JP", "1", "1", tcp(443)))
	web := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, list) })
	startNM(t, nil)
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, Setup: func(env *testscript.Env) error {
		env.Setenv("GORACE", "atexit_sleep_ms=0") // else the race detector makes every run a second longer
		env.Setenv("LIST", web.URL)
		env.Setenv("DBUS_SYSTEM_BUS_ADDRESS", os.Getenv("DBUS_SYSTEM_BUS_ADDRESS"))
		return os.WriteFile(filepath.Join(env.WorkDir, "list.csv"), []byte(list), 0o600)
	}})
}

func TestProgressIsForTerminalsOnly(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, listOf(japan("192.0.2.1"))) })
	for _, terminal := range []bool{true, false} {
		var out, errs bytes.Buffer
		s := &session{stdout: &out, stderr: &errs, progress: terminal}
		if code := s.run(t.Context(), []string{"list", "--url", web.URL}); code != exitOK {
			t.Fatal(errs.String())
		}
		if got := strings.Contains(errs.String(), "Downloading the list"); got != terminal || strings.Contains(out.String(), "Downloading") {
			t.Errorf("terminal %v: %q", terminal, errs.String())
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAnswerThatCannotBeWritten(t *testing.T) {
	for _, how := range [][]string{{"list"}, {"list", "--json"}} {
		var errs bytes.Buffer
		s := &session{stdin: strings.NewReader(listOf(japan("192.0.2.1"))), stdout: broken{}, stderr: &errs}
		if code := s.run(context.Background(), append(how, "--file", "-")); code != exitFailed || !strings.Contains(errs.String(), "disk full") {
			t.Errorf("%v: exit status %d, %q", how, code, errs.String())
		}
	}
}

// Package flag says it in English alone.
func TestUnknownOptionsAreNamedInOurWords(t *testing.T) {
	for arg, want := range map[string]string{"--colour": "unknown option --colour", "--colour=never": "unknown option --colour", "---json": "unknown option ---json"} {
		if _, err := parseOptions([]string{"list", arg, "--json"}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", arg, err)
		}
	}
}
