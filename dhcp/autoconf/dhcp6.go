// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"crypto/rand"
	"log/slog"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"network-manager-softether/dhcp/internal/pace"
)

// phase is the state of a DHCPv6 client (RFC 8415 18.2).
type phase int

const (
	idle       phase = iota
	informing        // INFORMATION-REQUEST has been sent
	informed         // its answer has arrived
	soliciting       // looking for an address
	requesting       // asking for the one advertised
	declining        // saying that another host has one of the leased addresses
	bound            // having it
	renewing         // from the server that gave it
	rebinding        // from any server
)

// schedule is how a message is retransmitted (RFC 8415 7.6, 15).
type schedule struct {
	kind    dhcpv6.MessageType
	first   time.Duration // IRT
	longest time.Duration // MRT
	tries   int           // MRC; 0: no limit
}

var schedules = map[phase]schedule{
	informing:  {dhcpv6.MessageTypeInformationRequest, time.Second, time.Hour, 0},
	soliciting: {dhcpv6.MessageTypeSolicit, time.Second, time.Hour, 0},
	requesting: {dhcpv6.MessageTypeRequest, time.Second, 30 * time.Second, 10},
	declining:  {dhcpv6.MessageTypeDecline, time.Second, forever, 4},
	renewing:   {dhcpv6.MessageTypeRenew, 10 * time.Second, 10 * time.Minute, 0},
	rebinding:  {dhcpv6.MessageTypeRebind, 10 * time.Second, 10 * time.Minute, 0},
}

// Bounds on what servers set.
const (
	minRenew       = 10 * time.Second
	defaultRefresh = 24 * time.Hour   // IRT_DEFAULT
	minRefresh     = 10 * time.Minute // IRT_MINIMUM
	longestPenalty = 2 * time.Minute
)

// dhcp6 is a DHCPv6 client as a state machine: time and frames go in, frames come out.
type dhcp6 struct {
	id  identity
	log *slog.Logger

	phase phase
	xid   [3]byte
	began time.Time     // of the current exchange
	send  time.Time     // when its message is due next
	wait  time.Duration // the last pause between two transmissions
	tries int

	hint    []netip.Addr // to ask for
	server  []byte       // DUID of the server chosen
	known   server6      // the one that answered first, or replaced it
	earlier [3]byte      // the exchange that found the chosen server; others may still answer it
	t1, t2  time.Time    // zero: never
	penalty time.Duration
	leased  table[netip.Addr, time.Time] // value: preferred until
	refused []netip.Addr                 // being declined
	refusal time.Duration                // the penalty for another address that is taken
	dns     []netip.Addr
	domains []string
	refresh time.Time // when to ask for information again

	strangers []server6 // servers already logged
}

func newDHCP6(id identity, log *slog.Logger, hint []netip.Addr) dhcp6 {
	d := dhcp6{id: id, log: log, hint: hint}
	d.leased.max = maxAddrs
	return d
}

// addrs returns the leased addresses, or those once leased and now asked for again.
func (d *dhcp6) addrs() []netip.Addr {
	if len(d.leased.rows) == 0 {
		return d.hint
	}
	var list []netip.Addr
	for _, r := range d.leased.rows {
		list = append(list, r.key)
	}
	return list
}

// want starts what a router's flags ask for, unless it is already running: an address if managed, otherwise
// information if other. A flag that disappears ends no lease and no answer, which keep the lifetimes they were
// given; but a search for an address that nobody wants any more, and that no server has answered, gives way to that for
// information.
func (d *dhcp6) want(managed, other bool, now time.Time) {
	switch {
	case managed && d.phase < soliciting:
		d.start(soliciting, now)
	case other && (d.phase == idle || !managed && d.phase == soliciting && d.tries >= chances && len(d.leased.rows) == 0):
		d.start(informing, now)
	}
}

// start begins an exchange. After a failure the first message waits.
func (d *dhcp6) start(p phase, now time.Time) {
	d.phase, d.tries, d.wait = p, 0, 0
	d.began = now.Add(d.penalty)
	d.send = d.began
	rand.Read(d.xid[:]) // never fails (Go 1.24)
}

// fail starts over, after a longer pause each time in a row, so that a server that contradicts itself is not
// hammered.
func (d *dhcp6) fail(reason string, now time.Time) {
	d.penalty = min(max(2*d.penalty, time.Second), longestPenalty)
	d.log.Warn("DHCPv6 starts over", "reason", reason, "after", d.penalty)
	d.server = nil
	d.start(soliciting, now)
}

// pending reports whether an answer that the configuration lacks may arrive soon.
func (d *dhcp6) pending() bool {
	return d.phase == informing || d.phase == soliciting || d.phase == requesting || d.phase == declining
}

// tick does what is due at now and returns the frame to send, or nil.
func (d *dhcp6) tick(now time.Time) []byte {
	had := len(d.leased.rows) > 0
	d.leased.expire(now)
	if had && len(d.leased.rows) == 0 {
		d.dns, d.domains = nil, nil
	}
	switch {
	case d.phase >= bound && len(d.leased.rows) == 0:
		d.fail("the lease expired", now)
	case (d.phase == bound || d.phase == renewing) && left(d.t2, now) <= 0:
		d.start(rebinding, now)
	case d.phase == bound && left(d.t1, now) <= 0:
		d.start(renewing, now)
	case d.phase == informed && left(d.refresh, now) <= 0:
		d.start(informing, now)
	}
	s, active := schedules[d.phase]
	if !active || pace.Left(d.send, now) > 0 {
		return nil
	}
	if s.tries > 0 && d.tries == s.tries {
		if d.phase == declining {
			d.declined(now)
			return nil
		}
		d.fail("the server that advertised an address does not give it", now)
		return nil
	}
	d.tries++
	if d.wait = 2 * d.wait; d.wait == 0 {
		d.wait = s.first
	}
	d.wait = pace.Jitter(min(d.wait, s.longest))
	d.send = now.Add(d.wait)
	server := d.server
	if d.phase == rebinding || d.phase == soliciting || d.phase == informing {
		server = nil
	}
	d.log.Debug("DHCPv6 message sent", "message", s.kind, "attempt", d.tries)
	addrs := d.addrs()
	if d.phase == declining {
		addrs = d.refused
	}
	return d.id.message6(s.kind, d.xid, now.Sub(d.began), server, addrs)
}

// next returns the time until tick has something to do.
func (d *dhcp6) next(now time.Time) time.Duration {
	n := d.leased.next(now)
	for _, r := range d.leased.rows {
		if l := left(r.value, now); l > 0 {
			n = min(n, l) // an address becomes deprecated
		}
	}
	switch d.phase {
	case idle:
	case informed:
		n = min(n, left(d.refresh, now))
	case bound:
		n = min(n, left(d.t1, now), left(d.t2, now))
	case renewing:
		n = min(n, left(d.t2, now), pace.Left(d.send, now))
	default:
		n = min(n, pace.Left(d.send, now))
	}
	return n
}
