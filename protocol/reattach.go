// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/internal/datapath"
)

// maxShortLives is how many re-attached connections in a row may die before the session's time-out has
// passed. After that, a full login is the better way.
const maxShortLives = 5

// reattach replaces last, the last connection of the session, which was lost for the reason cause. It tries
// for as long as the server remembers the session, which is the session's time-out (softether-protocol.md
// 8.5). It returns nil on success, or if the session is over anyway.
func (s *Session) reattach(last *datapath.Conn, cause error) error {
	began := time.Now()
	addr := last.Addr.String()
	s.dialer.log.Info("connection lost, re-attaching", "server", addr, "error", cause)
	s.notify(Detached{Err: &Error{Op: "session", Addr: addr, Err: cause}})

	if n := len(s.aside); n > 1 && s.Info().MaxConnections > 1 && errors.Is(cause, datapath.ErrLeft) {
		// The server spreads what it sends over all connections that it believes in, and notices nothing of
		// those that are gone: most of it would be lost until the session's time-out. A new session has no
		// such past.
		return &Error{Op: "re-attach", Addr: addr, Err: fmt.Errorf("the server would send over %d connections that are gone: %w", n, cause)}
	}
	lives := 0 // a connection whose ground went away says nothing about the next one
	if !errors.Is(cause, datapath.ErrLeft) {
		lived := began.Sub(last.Born)
		before := 0
		if last == s.revived {
			before = s.lives
		}
		if before > 0 && lived < s.dialer.reattachLife {
			return &Error{Op: "re-attach", Addr: addr, Err: fmt.Errorf("dropped again at once: %w", cause)}
		}
		lives = before + 1
		if lived > s.timeout {
			lives = 1
		}
		if lives > maxShortLives {
			return &Error{Op: "re-attach", Addr: addr, Err: fmt.Errorf("lost %d times in a row: %w", lives, cause)}
		}
	}

	ctx, cancel := context.WithTimeout(s.ctx, s.timeout)
	defer cancel()
	var why error // of the last attempt that was not cut short
	next := time.NewTimer(0)
	defer next.Stop()
	for try := 0; ; try++ {
		next.Reset(s.dialer.reattachSpacing)
		here, move, leave := s.roam.here(ctx)
		c, err := s.attach(here, s.targets(last.Addr, try))
		left := leave()
		if err == nil {
			s.revived, s.lives = c, lives
			s.movedOn(c)
			after := time.Since(began)
			s.dialer.log.Info("re-attached", "server", c.Addr, "after", after)
			s.add(c)
			s.notify(Reattached{Move: move, After: after, Addr: c.Addr})
			return nil
		}
		if s.ctx.Err() != nil {
			return nil
		}
		if left && ctx.Err() == nil {
			try = -1
			continue // at once: there is new ground
		}
		if try == 0 && errors.Is(err, unix.ENETUNREACH) {
			continue // at once: the other addresses may be of the other IP version
		}
		if errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) {
			next.Reset(min(s.dialer.reattachLocal, s.dialer.reattachSpacing))
		}
		if isFinal(err) || len(s.aside) > 0 && isSurplus(err) {
			return &Error{Op: "re-attach", Addr: addr, Err: err}
		}
		if why == nil || ctx.Err() == nil {
			why = err
		}
		s.dialer.log.Debug("re-attaching failed", "server", addr, "try", try, "error", err)
		select {
		case <-next.C:
		case <-ctx.Done():
			if s.ctx.Err() != nil {
				return nil
			}
			return &Error{Op: "re-attach", Addr: addr, Err: fmt.Errorf("not within %v: %w", s.timeout, why)}
		}
	}
}

// targets returns where a try leads: after a redirect there is no name to look up again.
func (s *Session) targets(home netip.AddrPort, try int) targets {
	if s.member {
		return targets{list: []netip.AddrPort{home}}
	}
	return s.dialer.again(home, try)
}

// isSurplus reports whether the server refused because it holds as many connections as it allows. It counts
// those that were left behind until its time-out, which a new login need not wait for.
func isSurplus(err error) bool {
	server, ok := errors.AsType[*ServerError](err)
	return ok && server.Code == CodeTooManyConnections
}

// isFinal tells an answer that will not change from trouble that may pass.
func isFinal(err error) bool {
	var (
		server *ServerError
		cert   *CertificateError
	)
	switch {
	case errors.As(err, &server):
		switch server.Code {
		case CodeDisconnected, CodeTooManyConnections, 23, 111: // broken off, surplus, internal error, no memory
			return false
		}
		return true
	case errors.As(err, &cert), errors.Is(err, ErrMalformed):
		return true
	}
	return false
}
