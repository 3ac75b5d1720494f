// SPDX-License-Identifier: Apache-2.0

package rudp

import "time"

// A Way is a way to reach a server. Lower ones are preferred.
type Way uint8

// The ways in the order in which the official client starts and prefers them (softether-protocol.md 11.1).
const (
	TCP  Way = iota
	UDP      // NAT traversal: R-UDP with the help of a rendezvous server
	DNS      // R-UDP in DNS messages
	ICMP     // R-UDP in ICMP messages
	ways
)

func (w Way) String() string {
	if w >= ways {
		return "none"
	}
	return [ways]string{"tcp", "udp", "dns", "icmp"}[w]
}

// begins is when each attempt begins.
var begins = [ways]time.Duration{UDP: 30 * time.Millisecond, DNS: 100 * time.Millisecond, ICMP: 200 * time.Millisecond}

const (
	// tcpGrace is the time TCP is given in any case, from the start; tcpGraceAfter is the most it is given
	// after NAT traversal has succeeded.
	tcpGrace      = 400 * time.Millisecond
	tcpGraceAfter = 2500 * time.Millisecond
	// lastResort is how long DNS and ICMP must wait for the others. Before that, they are only chosen when
	// there is no hope for those.
	lastResort = 5 * time.Second
)

// progress is the state of an attempt. The zero value: it is still running.
type progress struct {
	state outcome
	at    time.Duration // since the start: when it ended
}

type outcome uint8

const (
	pending outcome = iota
	failed
	succeeded
)

// choose returns which attempt is taken at the time now, if any; whether the race is over; and, if it is not,
// until when to wait if nothing else happens. The official client waits for TCP's own time-out before it
// settles for DNS or ICMP; this one stops waiting at lastResort.
func choose(now time.Duration, race *[ways]progress) (way Way, over bool, until time.Duration) {
	best, open := ways, 0
	for w := ways; w > 0; w-- {
		switch race[w-1].state {
		case succeeded:
			best = w - 1
		case pending:
			open++
		}
	}
	tcp, udp := race[TCP], race[UDP]
	switch {
	case best == TCP, open == 0:
		return best, true, 0
	case best == UDP && tcp.state == failed:
		return best, true, 0
	case best == UDP:
		until = min(max(4*udp.at, tcpGrace), udp.at+tcpGraceAfter)
	case best < ways && tcp.state == failed && udp.state == failed:
		return best, true, 0
	case best < ways, tcp.state == failed && udp.state == failed:
		until = lastResort
	default: // TCP and NAT traversal have limits of their own
		return ways, false, forever
	}
	if now >= until {
		return best, true, 0
	}
	return ways, false, until
}

const forever = time.Duration(1<<63 - 1)
