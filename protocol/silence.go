// SPDX-License-Identifier: Apache-2.0

package protocol

import "time"

// Silent says that nothing has come from the server for After, though it was sent something and has to acknowledge it. The
// session waits on, as the network may only be slow, until its time-out. Whoever has another way to the server may try
// it by [Session.Move] meanwhile. It is told again as long as it lasts.
type Silent struct{ After time.Duration }

func (Silent) event() {}

// watchSilence looks whether the server answers: soon after something is sent, and not while nothing is.
func (s *Session) watchSilence() {
	look := time.NewTimer(time.Hour)
	defer look.Stop()
	look.Stop()
	var told time.Time
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.stir:
			look.Reset(s.dialer.silenceLook)
			continue
		case <-look.C:
		}
		s.tcp.Calm(true) // before the look, so that what is sent meanwhile is not missed
		waiting, quiet := s.silence()
		if waiting {
			s.tcp.Calm(false)
			look.Reset(s.dialer.silenceLook)
		}
		if quiet >= s.dialer.silent && time.Since(told) >= s.dialer.silent {
			told = time.Now()
			s.dialer.log.Info("the server does not answer", "silent-for", quiet)
			s.notify(Silent{After: quiet})
		}
	}
}

// silence reports whether an answer is waited for on any connection, and how long nothing has come on all of them, 0 if
// something has just come, or what has not been answered may be on its way.
func (s *Session) silence() (waiting bool, quiet time.Duration) {
	overdue := false
	for i, c := range s.tcp.Conns() {
		n := s.dialer.listen(c.Raw)
		waiting = waiting || n.Unacked
		overdue = overdue || n.Overdue
		if i == 0 || n.Quiet < quiet {
			quiet = n.Quiet
		}
	}
	if !overdue || s.udp.hears() {
		return waiting, 0
	}
	return waiting, quiet
}

// hears reports whether packets come over UDP.
func (a *acceleration) hears() bool {
	if a == nil || a.path.Load() == nil || a.lost.Load() {
		return false
	}
	return a.engine.Alive(a.now())
}
