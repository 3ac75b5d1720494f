// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"log/slog"
	"log/syslog"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
)

// A sink is a place that log lines go to.
type sink interface {
	write(level slog.Level, line string) error
}

// sinks returns where lines go, each being for the lines that the one before it did not accept. system asks
// for the system's log.
func sinks(system bool, about *subject) []sink {
	var s []sink
	if system && journal.Enabled() {
		s = append(s, &journald{send: journal.Send, about: about})
	} else if system {
		if w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, logName); err == nil {
			s = append(s, syslogd{w})
		}
	}
	return append(s, stream{os.Stderr})
}

// A subject identifies the connection that this process serves in the journal. `nmcli` advises a person whose
// connection has failed to search for exactly these fields.
type subject struct {
	mu                 sync.Mutex
	connection, device string // UUID; TAP
}

func (s *subject) setConnection(uuid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connection = uuid
}

func (s *subject) setDevice(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.device = name
}

// fields returns the subject's journal fields.
func (s *subject) fields() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := map[string]string{"SYSLOG_IDENTIFIER": logName, "SYSLOG_FACILITY": "3"} // daemon
	if s.connection != "" {
		f["NM_CONNECTION"] = s.connection
	}
	if s.device != "" {
		f["NM_DEVICE"] = s.device
	}
	return f
}

// journald is systemd's journal. Its socket is opened at the start and addressed with each line, which needs
// no privilege that confine takes away.
type journald struct {
	send  func(line string, p journal.Priority, fields map[string]string) error
	about *subject
	late  chan error // of a line that it has not taken yet; nil: there is none. Guarded by the handler's lock.
}

// journalPatience is how long writing a line may take. Without a limit, a stalled journal would stop the
// connection as well. It gets no other line before it has taken that one.
const journalPatience = time.Second

var errJournalStuck = errors.New("the journal accepts no lines")

func (j *journald) write(level slog.Level, line string) error {
	if j.late != nil {
		if len(j.late) == 0 {
			return errJournalStuck
		}
		j.late = nil // whether it took that line or failed, it answers again
	}
	sent := make(chan error, 1)
	fields := j.about.fields()
	go func() { sent <- j.send(line, priority(level), fields) }()
	select {
	case err := <-sent:
		return err
	case <-time.After(journalPatience):
		j.late = sent
		return errJournalStuck
	}
}

func priority(level slog.Level) journal.Priority {
	switch {
	case level >= slog.LevelError:
		return journal.PriErr
	case level >= slog.LevelWarn:
		return journal.PriWarning
	case level >= levelNotice:
		return journal.PriNotice
	case level >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}

// syslogd is the log of a system without the journal.
type syslogd struct{ w priorityWriter }

// priorityWriter is a *syslog.Writer.
type priorityWriter interface {
	Err(string) error
	Warning(string) error
	Notice(string) error
	Info(string) error
	Debug(string) error
}

func (s syslogd) write(level slog.Level, line string) error {
	switch priority(level) {
	case journal.PriErr:
		return s.w.Err(line)
	case journal.PriWarning:
		return s.w.Warning(line)
	case journal.PriNotice:
		return s.w.Notice(line)
	case journal.PriInfo:
		return s.w.Info(line)
	}
	return s.w.Debug(line)
}

// stream is standard error. It is NetworkManager's, so each line names this program.
type stream struct{ w io.Writer }

func (s stream) write(level slog.Level, line string) error {
	word := map[journal.Priority]string{
		journal.PriErr: "error", journal.PriWarning: "warning", journal.PriNotice: "notice",
		journal.PriInfo: "info", journal.PriDebug: "debug",
	}[priority(level)]
	_, err := io.WriteString(s.w, logName+": "+word+": "+line+"\n")
	return err
}
