// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// levelTrace is below slog's own levels. levelNotice is for what a person wants to read although nothing is
// wrong: that the connection is up, is back, has ended.
const (
	levelTrace  = slog.LevelDebug - 4
	levelNotice = slog.LevelInfo + 2
)

// logLevel maps NM_VPN_LOG_LEVEL, a syslog priority that NetworkManager derives from its VPN_PLUGIN domain
// (networkmanager.md 1.2), to a level. 0 does not ask for silence: it is what NetworkManager says when its
// log is not configured.
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
	return levelNotice
}

const logName = "nm-softether-service"

// newLogger logs to the journal or to syslog if NetworkManager does (NM_VPN_LOG_SYSLOG=1), otherwise to
// standard error, which is NetworkManager's.
func newLogger(getenv func(string) string, debug bool, about *subject) *slog.Logger {
	system := getenv("NM_VPN_LOG_SYSLOG") == "1" && !debug
	return slog.New(newLineHandler(logLevel(getenv("NM_VPN_LOG_LEVEL"), debug), sinks(system, about)...))
}

// lineHandler turns a record into a line for people: what happened, details as key=value in parentheses, the
// cause and the remedy in words. The first sink that accepts the line gets it.
type lineHandler struct {
	details slog.Handler // writes to out.buf
	out     *lineOut
}

type lineOut struct {
	mu    sync.Mutex
	buf   bytes.Buffer // guarded by mu
	sinks []sink
}

func newLineHandler(level slog.Level, sinks ...sink) *lineHandler {
	out := &lineOut{sinks: sinks}
	details := slog.NewTextHandler(&out.buf, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return slog.Attr{} // the journal has the first two, the line the third
		}
		return a
	}})
	return &lineHandler{details, out}
}

func (h *lineHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.details.Enabled(ctx, level)
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{h.details.WithAttrs(attrs), h.out}
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	return &lineHandler{h.details.WithGroup(name), h.out}
}

func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	rest := slog.NewRecord(r.Time, r.Level, "", r.PC)
	var cause, remedy string
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "error":
			cause = a.Value.Resolve().String()
		case "remedy":
			remedy = a.Value.Resolve().String()
		default:
			rest.AddAttrs(a)
		}
		return true
	})
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.buf.Reset()
	if err := h.details.Handle(ctx, rest); err != nil {
		return err
	}
	line := r.Message
	if details := strings.TrimSuffix(h.out.buf.String(), "\n"); details != "" {
		line += " (" + details + ")"
	}
	if cause != "" {
		line += ": " + cause
	}
	if remedy != "" {
		line += "; remedy: " + remedy
	}
	line = oneLine(line)
	var errs []error
	for _, s := range h.out.sinks {
		err := s.write(r.Level, line)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// maxLine is longer than any line of ours. A server's text may be part of a line.
const maxLine = 8 << 10

// oneLine makes text harmless: journalctl hides a line with control characters, a line break could pretend to
// be another line, and some characters reverse the text around them.
func oneLine(text string) string {
	if len(text) > maxLine {
		text = text[:maxLine] + "…"
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\n", "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return '\ufffd'
		}
		return r
	}, text)
}
