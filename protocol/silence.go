// SPDX-License-Identifier: Apache-2.0

package protocol

import "time"

// Silent tells that nothing has come from the server for After, though it has been sent something and has to
// acknowledge it. The session keeps waiting until its time-out, as the network may merely be slow. Whoever
// has another path to the server may try it with [Session.Move] meanwhile. Silent is repeated for as long as
// the silence lasts.
type Silent struct{ After time.Duration }

func (Silent) event() {}

// watchSilence checks whether the server answers: soon after something is sent, and never while nothing is.
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

// silence reports whether an answer is due on any connection, and for how long nothing has come on any of
// them: 0 if something has just come, or if what is unanswered may still be on its way.
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
	if !overdue || s.udp.answers() {
		return waiting, 0
	}
	return waiting, quiet
}

// answers reports whether packets arrive over UDP in both directions. A server that lost the address we know can still
// be heard over another of its own.
func (a *acceleration) answers() bool {
	if a == nil || a.path.Load() == nil || a.lost.Load() {
		return false
	}
	return a.engine.Answers(a.now())
}
