// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/bubbletest"
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
		{"0", false, levelNotice},
		{"0", true, slog.LevelDebug},
	} {
		if got := logLevel(tt.env, tt.debug); got != tt.want {
			t.Errorf("NM_VPN_LOG_LEVEL=%q debug=%v: %v, want %v", tt.env, tt.debug, got, tt.want)
		}
	}
}

// written is a sink that remembers, unless it fails.
type written struct {
	lines []string
	fails error
}

func (w *written) write(level slog.Level, line string) error {
	if w.fails == nil {
		w.lines = append(w.lines, fmt.Sprintf("%d %s", priority(level), line))
	}
	return w.fails
}

func TestLinesAreForPeople(t *testing.T) {
	w := &written{}
	log := slog.New(newLineHandler(levelNotice, w))
	log.Error("VPN connection failed", "reason", "login failed", "error", errors.New(`"joe" is refused`), "remedy", `nmcli connection modify "My office" ...`)
	log.With("session", "SID-1").Warn("lost", "error", errors.New("reset"), "remedy", "")
	log.WithGroup("tls").Log(t.Context(), levelNotice, "connected", "cipher", "two words")
	log.Warn("no details")
	log.Info("not wanted")
	log.Error("joined", "error", errors.Join(errors.New("a"), errors.New("b")))
	log.Error("hostile\x1b[2J", "error", "server says \r\nMay 1 sshd: \u202eevil\xff")
	want := []string{
		`3 VPN connection failed (reason="login failed"): "joe" is refused; remedy: nmcli connection modify "My office" ...`,
		`4 lost (session=SID-1): reset`,
		`5 connected (tls.cipher="two words")`,
		`4 no details`,
		`3 joined: a; b`,
		"3 hostile\ufffd[2J: server says \ufffd; May 1 sshd: \ufffdevil\ufffd",
	}
	if diff := cmp.Diff(want, w.lines); diff != "" {
		t.Errorf("unexpected lines (-want +got):\n%s", diff)
	}
	log.Error(strings.Repeat("x", 1<<20))
	if last := w.lines[len(w.lines)-1]; len(last) > maxLine+100 {
		t.Errorf("a line of %d bytes", len(last))
	}
}

func TestALineThatOneSinkRefusesGoesToTheNext(t *testing.T) {
	gone, next := &written{fails: errors.New("no such socket")}, &written{}
	log := slog.New(newLineHandler(slog.LevelInfo, gone, next))
	log.Warn("one")
	gone.fails = nil // journald is back
	log.Warn("two")
	if diff := cmp.Diff([][]string{{"4 two"}, {"4 one"}}, [][]string{gone.lines, next.lines}); diff != "" {
		t.Errorf("unexpected lines (-want +got):\n%s", diff)
	}
}

func TestJournalLinesNameTheConnection(t *testing.T) {
	var sent []string
	about := new(subject)
	log := slog.New(newLineHandler(slog.LevelInfo, &journald{about: about, send: func(line string, p journal.Priority, fields map[string]string) error {
		sent = append(sent, fmt.Sprintf("%d %s %v", p, line, fields))
		return nil
	}}))
	log.Info("asleep")
	about.setConnection("9f6e9b6c-3a5e-4b56-b1fb-11b9b2a4d7a1")
	log.Warn("dialling")
	about.setDevice("se0")
	log.Error("failed")
	const ours = "SYSLOG_FACILITY:3 SYSLOG_IDENTIFIER:nm-softether-service"
	want := []string{
		"6 asleep map[" + ours + "]",
		"4 dialling map[NM_CONNECTION:9f6e9b6c-3a5e-4b56-b1fb-11b9b2a4d7a1 " + ours + "]",
		"3 failed map[NM_CONNECTION:9f6e9b6c-3a5e-4b56-b1fb-11b9b2a4d7a1 NM_DEVICE:se0 " + ours + "]",
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("unexpected lines (-want +got):\n%s", diff)
	}
}

func TestAJournalThatStandsStillDoesNotStopTheConnection(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		still, next, taken := make(chan struct{}), &written{}, []string(nil)
		j := &journald{about: new(subject), send: func(line string, _ journal.Priority, _ map[string]string) error {
			<-still
			taken = append(taken, line)
			return nil
		}}
		log := slog.New(newLineHandler(slog.LevelInfo, j, next))
		log.Warn("one")
		log.Warn("two")
		close(still)
		synctest.Wait()
		log.Warn("three")
		if diff := cmp.Diff([]string{"4 one", "4 two"}, next.lines); diff != "" {
			t.Errorf("unexpected lines (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"one", "three"}, taken); diff != "" {
			t.Errorf("unexpected lines in the journal (-want +got):\n%s", diff)
		}
	})
}

// priorities is a syslog that writes down priority and line.
type priorities struct{ lines []string }

func (p *priorities) add(what, s string) error { p.lines = append(p.lines, what+": "+s); return nil }
func (p *priorities) Err(s string) error       { return p.add("err", s) }
func (p *priorities) Warning(s string) error   { return p.add("warning", s) }
func (p *priorities) Notice(s string) error    { return p.add("notice", s) }
func (p *priorities) Info(s string) error      { return p.add("info", s) }
func (p *priorities) Debug(s string) error     { return p.add("debug", s) }

func TestSyslogAndStandardErrorHaveTheLevel(t *testing.T) {
	w, out := &priorities{}, &bytes.Buffer{}
	for _, s := range []sink{syslogd{w}, stream{out}} {
		log := slog.New(newLineHandler(slog.LevelDebug, s))
		log.Error("failed", "error", "two words")
		log.Warn("lost")
		log.Log(t.Context(), levelNotice, "connected")
		log.Info("up")
		log.Debug("detail")
		log.Log(t.Context(), levelTrace, "not wanted")
	}
	if diff := cmp.Diff([]string{"err: failed: two words", "warning: lost", "notice: connected", "info: up", "debug: detail"}, w.lines); diff != "" {
		t.Errorf("unexpected lines of syslog (-want +got):\n%s", diff)
	}
	want := `nm-softether-service: error: failed: two words
nm-softether-service: warning: lost
nm-softether-service: notice: connected
nm-softether-service: info: up
nm-softether-service: debug: detail
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("unexpected lines of standard error (-want +got):\n%s", diff)
	}
}

func TestAProfileInALogKeepsItsSecrets(t *testing.T) {
	p, _, err := profile.Parse(source(settings()))
	if err != nil {
		t.Fatal(err)
	}
	p.Password = "hunter2"
	w := &written{}
	slog.New(newLineHandler(slog.LevelInfo, w)).Info("x", "profile", p, "config", *p, "error", p)
	if len(w.lines) != 1 || strings.Contains(w.lines[0], "hunter2") {
		t.Errorf("the password is in the log: %q", w.lines)
	}
}
