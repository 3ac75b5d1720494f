// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"testing"
	"time"
)

// peerAnswers has h hear from the peer, and sends, every step from start up to and with end.
func peerAnswers(h *health, start, end, step time.Duration) {
	for now := start; now <= end; now += step {
		h.sent(now)
		h.heard(now, now)
	}
}

func TestReadiness(t *testing.T) {
	const ms = time.Millisecond
	fast, slow := fastPace, slowPace
	type moment struct {
		at              time.Duration
		usable, carries bool
	}
	for _, tt := range []struct {
		name string
		pace pace
		play func(h *health)
		want []moment
	}{
		{"never heard", fast, func(*health) {}, []moment{{20 * time.Second, false, false}}},
		{
			"ten seconds are needed", fast, func(h *health) { peerAnswers(h, 1000*ms, 10999*ms, 999*ms) },
			[]moment{{10999 * ms, false, false}, {11000 * ms, true, true}},
		},
		{
			"silence: frames leave after 1 s, the stable period ends after 2.1 s", fast,
			func(h *health) { peerAnswers(h, 1000*ms, 20000*ms, 500*ms) },
			[]moment{{21000 * ms, true, true}, {21001 * ms, true, false}, {22100 * ms, true, false}, {22101 * ms, false, false}},
		},
		{"a short silence costs nothing", fast, func(h *health) {
			peerAnswers(h, 1000*ms, 20000*ms, 500*ms)
			peerAnswers(h, 22100*ms, 22100*ms, 500*ms)
		}, []moment{{22100 * ms, true, true}}},
		{"a long one costs ten seconds", fast, func(h *health) {
			peerAnswers(h, 1000*ms, 20000*ms, 500*ms)
			peerAnswers(h, 22200*ms, 33000*ms, 500*ms)
		}, []moment{{32199 * ms, false, false}, {32200 * ms, true, true}}},
		{"but not one of our own doing", fast, func(h *health) {
			peerAnswers(h, 1000*ms, 20000*ms, 500*ms)
			h.forgive.Store(true)
			peerAnswers(h, 60000*ms, 60500*ms, 500*ms)
			peerAnswers(h, 63000*ms, 63000*ms, 500*ms) // that silence counts again
		}, []moment{{63000 * ms, false, false}}},
		{"back at once after it", fast, func(h *health) {
			peerAnswers(h, 1000*ms, 20000*ms, 500*ms)
			h.forgive.Store(true)
			peerAnswers(h, 60000*ms, 60000*ms, 500*ms)
		}, []moment{{60000 * ms, true, true}}},
		{
			"the slow pace allows 9 s", slow, func(h *health) { peerAnswers(h, 1000*ms, 21000*ms, 2500*ms) },
			[]moment{{24000 * ms, true, true}, {24001 * ms, true, false}, {30000 * ms, true, false}, {30001 * ms, false, false}},
		},
		{"only ours are lost: the peer is heard, but echoes the past", fast, func(h *health) {
			peerAnswers(h, 1000*ms, 20000*ms, 500*ms)
			for now := 20500 * ms; now <= 23000*ms; now += 500 * ms {
				h.sent(now)
				h.heard(now, 20000*ms)
			}
		}, []moment{{21600 * ms, true, true}, {22600 * ms, true, false}, {23000 * ms, true, false}}},
		{"a stale echo is no life sign", fast, func(h *health) {
			h.sent(1000 * ms)
			h.heard(31000*ms, 1000*ms)
		}, []moment{{45000 * ms, false, false}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &health{pace: tt.pace, period: stablePeriod}
			tt.play(h)
			for _, m := range tt.want {
				if u, c := h.usable(m.at), h.carries(m.at); u != m.usable || c != m.carries {
					t.Errorf("at %v: usable %v, carries %v; want %v, %v", m.at, u, c, m.usable, m.carries)
				}
			}
		})
	}
}

// A path that is heard may be of no use: the peer's packets come from another address of its own than ours go to.
func TestAPeerThatIsHeardMayNotHearUs(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name           string
		from           time.Duration // when ours begin to get lost
		at             time.Duration
		alive, answers bool
	}{
		{"both ways, before the stable period is over", time.Hour, 3000 * ms, true, true},
		{"ours have been lost for a moment", 3000 * ms, 3900 * ms, true, true},
		{"ours are lost", 3000 * ms, 5000 * ms, true, false},
		{"the peer is silent as well", 3000 * ms, 9000 * ms, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &Engine{health: health{pace: fastPace, period: stablePeriod}}
			for now := 500 * ms; now <= 6000*ms; now += 500 * ms {
				if now > tt.at {
					break
				}
				e.health.sent(now)
				e.health.heard(now, min(now, tt.from))
			}
			if alive, answers := e.Alive(tt.at), e.Answers(tt.at); alive != tt.alive || answers != tt.answers {
				t.Errorf("alive %v, answers %v; want %v, %v", alive, answers, tt.alive, tt.answers)
			}
		})
	}
}

func TestOwnKeepAlivesAreAsOftenAsThePeerExpects(t *testing.T) {
	for _, p := range []pace{fastPace, slowPace} {
		for range 1000 {
			if d := p.interval(); d < p.min || d >= p.max || d > p.quiet {
				t.Fatalf("interval %v", d)
			}
		}
		if p.quiet >= p.limit {
			t.Error("frames leave only when the path is over")
		}
	}
}

func TestRoundTripFollowsTheShortestAnswers(t *testing.T) {
	h := &health{pace: fastPace}
	now := time.Second
	hear := func(age time.Duration) {
		now += 500 * time.Millisecond
		h.heard(now, now-age)
	}
	hear(800 * time.Millisecond)
	hear(40 * time.Millisecond)
	hear(900 * time.Millisecond)
	if rtt := time.Duration(h.rtt.Load()); rtt < 40*time.Millisecond || rtt > 50*time.Millisecond {
		t.Errorf("round trip %v, want about 40 ms", rtt)
	}
	for range 100 {
		hear(300 * time.Millisecond)
	}
	if rtt := time.Duration(h.rtt.Load()); rtt != 300*time.Millisecond {
		t.Errorf("round trip %v, want 300 ms after it grew", rtt)
	}
}
