// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// answer processes a server's message, if it belongs to the current exchange.
func (d *dhcp6) answer(r *reply6, now time.Time) {
	late := r.xid == d.earlier
	if !late && r.xid != d.xid || !d.admits(r) || late {
		return
	}
	advertise := r.kind == dhcpv6.MessageTypeAdvertise
	switch {
	case d.phase == soliciting && advertise:
		d.advertised(r, now)
	case advertise:
	case d.phase == informing:
		d.information(r, now)
	case d.phase == declining:
		if bytes.Equal(r.server, d.server) {
			d.declined(now) // whatever it says (RFC 8415 18.2.10.3)
		}
	case d.phase == soliciting && r.rapid, d.phase == rebinding,
		(d.phase == requesting || d.phase == renewing) && bytes.Equal(r.server, d.server):
		d.granted(r, now)
	}
}

// advertised chooses the first server with an address. RFC 8415 18.2.1 has clients collect offers for a
// second, but a second is a large part of the time that a user waits.
func (d *dhcp6) advertised(r *reply6, now time.Time) {
	if r.status != iana.StatusSuccess || r.grant == nil || r.grant.status != iana.StatusSuccess || len(r.grant.addrs) == 0 {
		d.log.Debug("DHCPv6 server offers no address", "status", r.status)
		return
	}
	d.adopt(r)
	d.server, d.earlier = r.server, d.xid
	d.hint = nil
	for _, a := range r.grant.addrs {
		d.hint = append(d.hint, a.addr)
	}
	penalty := d.penalty
	d.penalty = 0 // the wait was kept before SOLICIT
	d.start(requesting, now)
	d.penalty = penalty
}

// information processes an answer to INFORMATION-REQUEST.
func (d *dhcp6) information(r *reply6, now time.Time) {
	if r.status != iana.StatusSuccess {
		return
	}
	d.adopt(r)
	d.phase, d.penalty = informed, 0
	d.dns, d.domains = r.dns, r.domains
	switch refresh := r.refresh; {
	case refresh == 0:
		d.refresh = now.Add(defaultRefresh)
	default:
		d.refresh = after(now, max(refresh, minRefresh))
	}
}

// granted processes a REPLY with addresses, or with the reason why there are none (RFC 8415 18.2.10.1).
func (d *dhcp6) granted(r *reply6, now time.Time) {
	status := r.status
	if status == iana.StatusSuccess && r.grant != nil {
		status = r.grant.status
	}
	switch {
	case status == iana.StatusNoBinding && (d.phase == renewing || d.phase == rebinding):
		d.fail("the server does not know the lease any more", now)
		return
	case status == iana.StatusNotOnLink || status == iana.StatusNoAddrsAvail:
		if d.phase == soliciting || d.phase == requesting {
			d.hint = nil
			d.fail("the server refuses: "+status.String(), now)
		}
		return
	case status != iana.StatusSuccess || r.grant == nil:
		return // retransmitted when it is due
	}
	d.leased.rows = slices.DeleteFunc(d.leased.rows, func(a row[netip.Addr, time.Time]) bool { return !offers(r.grant, a.key) })
	renewed := len(d.leased.rows) == len(r.grant.addrs) // the same addresses
	soonest, first, last := forever, forever, time.Duration(0)
	for _, a := range r.grant.addrs {
		d.leased.set(a.addr, now.Add(min(a.preferred, farAway)), a.valid, now)
		soonest, first, last = min(soonest, a.preferred), min(first, a.valid), max(last, a.valid)
	}
	if len(d.leased.rows) == 0 {
		if d.phase != soliciting {
			d.hint, d.dns, d.domains = nil, nil, nil
			d.fail("the server took the address back", now)
		}
		return
	}
	d.adopt(r)
	d.phase, d.penalty, d.server, d.hint = bound, 0, r.server, d.addrs()
	d.dns, d.domains = r.dns, r.domains
	d.setTimes(r.grant, soonest, first, now)
	if renewed {
		d.log.Debug("DHCPv6 lease renewed", "addresses", d.addrs(), "valid", last)
		return
	}
	d.log.Info("DHCPv6 lease", "addresses", d.addrs(), "valid", last)
}

func offers(g *grant, addr netip.Addr) bool {
	return slices.ContainsFunc(g.addrs, func(a granted) bool { return a.addr == addr })
}

// setTimes sets the renewal times; if the server leaves them to the client, or they come after the end of an address, to
// half and four fifths of the shortest preferred lifetime (RFC 8415 21.4), or of the shortest valid one of a lease that is
// deprecated from the start.
func (d *dhcp6) setTimes(g *grant, preferred, valid time.Duration, now time.Time) {
	base := preferred
	if base == 0 {
		base = valid
	}
	t1, t2 := g.t1, g.t2
	if valid < forever && max(t1, t2) >= valid {
		t1, t2 = 0, 0
	}
	if t1 == 0 {
		t1 = part(base, 5)
	}
	if t2 == 0 || t2 < t1 {
		t2 = max(t1, part(base, 8))
	}
	soonest := max(time.Second/2, min(minRenew, part(valid, 5)))
	d.t1, d.t2 = after(now, max(t1, soonest)), after(now, max(t2, soonest))
}

// part returns that many tenths of life.
func part(life time.Duration, tenths int) time.Duration {
	if life == forever {
		return forever
	}
	return life / 10 * time.Duration(tenths)
}
