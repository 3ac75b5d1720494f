// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bytes"
	"log/slog"
	"sync"

	"network-manager-softether/protocol"
)

// A logBuffer keeps what a session logs, from several goroutines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// logged has a session log all that it can.
func logged(cfg *protocol.Config) *logBuffer {
	b := new(logBuffer)
	cfg.Logger = slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return b
}
