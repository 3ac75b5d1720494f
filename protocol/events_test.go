// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"testing"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// watch has cfg report its events to the returned channel, but for LoginSent, which every session has.
func watch(cfg *protocol.Config) <-chan protocol.Event {
	events := make(chan protocol.Event, 100)
	cfg.Notify = func(e protocol.Event) {
		if e == (protocol.LoginSent{}) {
			return
		}
		select {
		case events <- e:
		default: // a session must not wait for a test that has read enough
		}
	}
	return events
}

// watched starts a session and returns both ends of it and its events.
func watched(t *testing.T, srv *Server, cfg *protocol.Config) (*protocol.Session, *ServerSession, <-chan protocol.Event) {
	t.Helper()
	events := watch(cfg)
	s := dial(t, cfg)
	s.Start(func([][]byte) {})
	return s, theSession(t, srv), events
}

// expect waits for the next event, which must be one of type E.
func expect[E protocol.Event](t *testing.T, s *protocol.Session, events <-chan protocol.Event) (e E) {
	t.Helper()
	select {
	case got := <-events:
		e, ok := got.(E)
		if !ok {
			t.Fatalf("event %T %v, want %T", got, got, e)
		}
		return e
	case <-s.Done():
		// What was reported before the end still counts.
		select {
		case got := <-events:
			if e, ok := got.(E); ok {
				return e
			}
		default:
		}
		t.Fatalf("session is over: %v, want %T", s.Err(), e)
	case <-within(t).Done():
		t.Fatalf("no event, want %T", e)
	}
	return e
}
