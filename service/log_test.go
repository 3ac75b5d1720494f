// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/profile"
)

func TestLogLevelFollowsNetworkManager(t *testing.T) {
	for _, tt := range []struct {
		env   string
		debug bool
		want  slog.Level
	}{
		{"", false, slog.LevelInfo},
		{"nonsense", false, slog.LevelInfo},
		{"7", false, levelTrace},
		{"6", false, slog.LevelDebug},
		{"5", false, slog.LevelInfo},
		{"4", false, slog.LevelWarn},
		{"3", false, slog.LevelError},
		{"0", false, levelOff},
		{"0", true, slog.LevelDebug},
	} {
		if got := logLevel(tt.env, tt.debug); got != tt.want {
			t.Errorf("NM_VPN_LOG_LEVEL=%q debug=%v: %v, want %v", tt.env, tt.debug, got, tt.want)
		}
	}
}

// priorities is a syslog that writes down priority and line.
type priorities struct{ lines []string }

func (p *priorities) Err(s string) error     { p.lines = append(p.lines, "err: "+s); return nil }
func (p *priorities) Warning(s string) error { p.lines = append(p.lines, "warning: "+s); return nil }
func (p *priorities) Info(s string) error    { p.lines = append(p.lines, "info: "+s); return nil }
func (p *priorities) Debug(s string) error   { p.lines = append(p.lines, "debug: "+s); return nil }

func TestSyslogLinesHaveTheirPriority(t *testing.T) {
	w := &priorities{}
	log := slog.New(newSyslogHandler(w, slog.LevelDebug))
	log.Error("failed", "cause", "two words")
	log.With("session", "SID-1").Warn("lost")
	log.Info("up")
	log.Debug("detail")
	log.Log(t.Context(), levelTrace, "not wanted")
	want := []string{
		`err: level=ERROR msg=failed cause="two words"`,
		`warning: level=WARN msg=lost session=SID-1`,
		`info: level=INFO msg=up`,
		`debug: level=DEBUG msg=detail`,
	}
	if diff := cmp.Diff(want, w.lines); diff != "" {
		t.Errorf("unexpected lines (-want +got):\n%s", diff)
	}
}

func TestStandardErrorLinesNameTheProgram(t *testing.T) {
	var out bytes.Buffer
	slog.New(lineHandler(&prefixed{&out}, slog.LevelInfo)).Info("up")
	if got := out.String(); got != "nm-softether-service: level=INFO msg=up\n" {
		t.Errorf("%q", got)
	}
}

func TestAProfileInALogKeepsItsSecrets(t *testing.T) {
	var out bytes.Buffer
	p, _, err := profile.Parse(source(settings()))
	if err != nil {
		t.Fatal(err)
	}
	p.Password = "hunter2"
	slog.New(lineHandler(&out, slog.LevelInfo)).Info("x", "profile", p, "config", *p)
	if strings.Contains(out.String(), "hunter2") {
		t.Error("the password is in the log")
	}
}
