// SPDX-License-Identifier: Apache-2.0

package protocol

// UDPState says what UDP acceleration does for a session. Programs may rely on the words.
type UDPState string

// The states of UDP acceleration.
const (
	UDPNone     UDPState = "none"     // not asked for, not granted, or not possible here
	UDPReserve  UDPState = "reserve"  // ready for when TCP loses packets (mode UDPAuto)
	UDPSilent   UDPState = "silent"   // wanted, but nothing comes back: UDP is blocked somewhere
	UDPReady    UDPState = "ready"    // usable; what was sent last went by TCP
	UDPCarrying UDPState = "carrying" // what was sent last went by UDP
)

// Live is the part of a session's state that changes while it lives.
type Live struct {
	Connections int // TCP connections at the moment
	UDP         UDPState
	UDPVersion  int // 0 without UDP
}

// Live returns the current state of the session.
func (s *Session) Live() Live {
	l := Live{Connections: s.Connections(), UDP: s.udp.state()}
	if l.UDP != UDPNone {
		l.UDPVersion = s.udp.engine.Version()
	}
	return l
}

func (a *acceleration) state() UDPState {
	if a == nil {
		return UDPNone
	}
	p := a.path.Load()
	switch {
	case p == nil:
		return UDPNone
	case a.carry.Load():
		return UDPCarrying
	case a.s.dialer.UDP == UDPAuto && !a.judge.on.Load():
		return UDPReserve
	case p.Usable():
		return UDPReady
	}
	return UDPSilent
}
