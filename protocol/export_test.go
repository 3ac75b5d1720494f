// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"time"

	"network-manager-softether/protocol/internal/datapath"
)

// Waits are the waits that a test shortens; 0 leaves one as it is.
type Waits struct {
	Step         time.Duration // every step of the handshake
	ReattachLife time.Duration
	Closing      time.Duration // after which a polite close becomes a rude one; may be lengthened
}

// Shorten shortens waits of cfg. Session time-outs may always be as short as 10 ms,
// and re-attaching does not pause long.
func Shorten(cfg *Config, w Waits) {
	t := defaultTiming
	t.timeoutMin = 10 * time.Millisecond
	t.reattachSpacing, t.intervalMin, t.attachPause = 20*time.Millisecond, 20*time.Millisecond, 200*time.Millisecond
	t.udpStable = 50 * time.Millisecond
	if w.Step > 0 {
		t.connect, t.tls, t.step, t.login, t.loginTotal = w.Step, w.Step, w.Step, w.Step, 3*w.Step
	}
	if w.Closing > 0 {
		t.closing = w.Closing
	}
	if w.ReattachLife > 0 {
		t.reattachLife = w.ReattachLife
	}
	cfg.timing = &t
}

// Hear has cfg take what f says for what the kernel knows of a connection, and look often.
func Hear(cfg *Config, f func() (unacked, overdue bool, quiet time.Duration)) {
	cfg.timing.silent, cfg.timing.silenceLook = 40*time.Millisecond, 10*time.Millisecond
	cfg.timing.listen = func(net.Conn) (h datapath.Hearing) {
		h.Unacked, h.Overdue, h.Quiet = f()
		return h
	}
}

// KeepsAuth reports whether a session still holds what it has logged in with.
func KeepsAuth(s *Session) bool { return s.dialer.auth != nil || s.dialer.Auth != nil }

// StopsAuto stops the timer of the policy AutoDisconnect, and reports whether that was still running.
func StopsAuto(s *Session) bool { return s.auto.Stop() }
