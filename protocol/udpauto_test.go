// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"
	"time"
)

// look is one look at the counters, after a second in which they grew by that much.
type look struct {
	after time.Duration // 0: a second
	grow  tcpCount      // rtt 0: 40 ms
	udp   bool          // wanted

	restart bool // the counters began anew
}

func TestAutoUsesUDPWhileTCPLoses(t *testing.T) {
	clean := tcpCount{sent: 5000, resent: 1, received: 5000, disordered: 20}
	upLoss := tcpCount{sent: 5000, resent: 50, received: 300}
	downLoss := tcpCount{sent: 300, received: 5000, disordered: 3000}
	near := tcpCount{sent: 5000, resent: 50, received: 300, rtt: time.Millisecond}
	times := func(n int, l look) []look {
		var s []look
		for range n {
			s = append(s, l)
		}
		return s
	}
	join := func(parts ...[]look) (s []look) {
		for _, p := range parts {
			s = append(s, p...)
		}
		return s
	}
	on := func(after time.Duration) []look { return []look{{after: after, udp: true}} }
	off := func(after time.Duration) []look { return []look{{after: after}} }
	turnBad := []look{{grow: upLoss}, {grow: upLoss}, {grow: upLoss, udp: true}}

	for _, tt := range []struct {
		name  string
		looks []look
	}{
		{"a clean network stays with TCP", times(100, look{grow: clean})},
		{"lost on the way up", turnBad},
		{"lost on the way down", []look{{grow: downLoss}, {grow: downLoss}, {grow: downLoss, udp: true}}},
		{"two bad seconds are none", []look{{grow: upLoss}, {grow: upLoss}, {grow: clean}, {grow: upLoss}, {grow: upLoss}, {grow: clean}}},
		{"a near server is not worth it", times(20, look{grow: near})},
		{"few segments tell nothing", times(9, look{grow: tcpCount{sent: 10, resent: 5, received: 10, disordered: 9}})},
		{"but they add up", join(times(11, look{grow: tcpCount{sent: 60, resent: 5}}), []look{{grow: tcpCount{sent: 60, resent: 5}, udp: true}})},
		{"what was long ago is not now", []look{{grow: upLoss}, {after: time.Minute, grow: upLoss}, {grow: clean}}},
		{"a new connection counts from 0", []look{{grow: upLoss}, {grow: upLoss, restart: true}, {grow: clean}}},
		{"no traffic on TCP keeps UDP", join(turnBad, times(250, look{udp: true}))},
		{"TCP gets a trial after five minutes", join(turnBad, on(4*time.Minute), off(time.Minute), times(30, look{grow: clean}))},
		{"a failed trial doubles the time", join(turnBad, off(5*time.Minute), turnBad, on(9*time.Minute), off(time.Minute))},
		{"up to an hour", join(turnBad,
			off(5*time.Minute), turnBad, off(10*time.Minute), turnBad, off(20*time.Minute), turnBad, off(40*time.Minute), turnBad,
			on(59*time.Minute), off(time.Minute), turnBad, on(59*time.Minute), off(time.Minute))},
		{"a trial that lasted begins anew", join(turnBad, off(5*time.Minute), turnBad, off(10*time.Minute),
			times(120, look{grow: clean}), turnBad, on(4*time.Minute), off(time.Minute))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s autoState
			now, sum := time.Duration(0), tcpCount{}
			s = s.step(now, sum)
			for i, l := range tt.looks {
				now += max(l.after, time.Second)
				if l.restart {
					sum = tcpCount{}
				}
				sum.sent += l.grow.sent
				sum.resent += l.grow.resent
				sum.received += l.grow.received
				sum.disordered += l.grow.disordered
				if sum.rtt = l.grow.rtt; sum.rtt == 0 {
					sum.rtt = 40 * time.Millisecond
				}
				if s = s.step(now, sum); s.udp != l.udp {
					t.Fatalf("look %d, at %v: UDP is %v, want %v", i, now, s.udp, l.udp)
				}
			}
		})
	}
}
