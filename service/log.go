// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"log/syslog"
	"os"
	"strconv"
	"sync"
)

// levelTrace is below slog's own levels. levelOff is above everything that is logged.
const (
	levelTrace = slog.LevelDebug - 4
	levelOff   = slog.LevelError + 100
)

// logLevel maps NM_VPN_LOG_LEVEL, a syslog priority that NetworkManager makes from its
// VPN_PLUGIN domain (nm-vpn-plugin.md 1.2), to a level.
func logLevel(env string, debug bool) slog.Level {
	if debug {
		return slog.LevelDebug
	}
	n, err := strconv.Atoi(env)
	switch {
	case err != nil:
		return slog.LevelInfo
	case n >= 7:
		return levelTrace
	case n == 6:
		return slog.LevelDebug
	case n == 5:
		return slog.LevelInfo
	case n == 4:
		return slog.LevelWarn
	case n >= 1:
		return slog.LevelError
	}
	return levelOff
}

const logName = "nm-softether-service"

// newLogger logs to syslog where NetworkManager does (NM_VPN_LOG_SYSLOG=1), else to
// standard error, which is NetworkManager's.
func newLogger(getenv func(string) string, debug bool) *slog.Logger {
	level := logLevel(getenv("NM_VPN_LOG_LEVEL"), debug)
	if getenv("NM_VPN_LOG_SYSLOG") == "1" && !debug {
		w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, logName)
		if err == nil {
			return slog.New(newSyslogHandler(w, level))
		}
	}
	return slog.New(lineHandler(&prefixed{w: os.Stderr}, level))
}

// lineHandler writes key=value lines without a time: syslog and the journal have it.
func lineHandler(w io.Writer, level slog.Level) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}

// prefixed puts the program's name before each line, as the stream is NetworkManager's.
type prefixed struct{ w io.Writer }

func (p *prefixed) Write(line []byte) (int, error) {
	if _, err := p.w.Write(append([]byte(logName+": "), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// priorityWriter is a *syslog.Writer.
type priorityWriter interface {
	Err(string) error
	Warning(string) error
	Info(string) error
	Debug(string) error
}

// syslogHandler formats with a text handler and hands lines on with their priority.
type syslogHandler struct {
	slog.Handler
	out *syslogLine
}

// syslogLine is where the text handler writes one line at a time.
type syslogLine struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
	w   priorityWriter
}

func newSyslogHandler(w priorityWriter, level slog.Level) *syslogHandler {
	out := &syslogLine{w: w}
	return &syslogHandler{lineHandler(&out.buf, level), out}
}

func (h *syslogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &syslogHandler{h.Handler.WithAttrs(attrs), h.out}
}

func (h *syslogHandler) WithGroup(name string) slog.Handler {
	return &syslogHandler{h.Handler.WithGroup(name), h.out}
}

func (h *syslogHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.buf.Reset()
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	line := string(bytes.TrimSuffix(h.out.buf.Bytes(), []byte("\n")))
	switch {
	case r.Level >= slog.LevelError:
		return h.out.w.Err(line)
	case r.Level >= slog.LevelWarn:
		return h.out.w.Warning(line)
	case r.Level >= slog.LevelInfo:
		return h.out.w.Info(line)
	}
	return h.out.w.Debug(line)
}
