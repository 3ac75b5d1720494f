// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"slices"
	"time"
)

// decline tells the server which leased addresses another host has (RFC 8415 18.2.8), and looks for others.
func (d *dhcp6) decline(taken func(netip.Addr) bool, now time.Time) {
	if d.phase < bound {
		return // what is leased then will be checked later
	}
	d.refused = nil
	d.leased.rows = slices.DeleteFunc(d.leased.rows, func(r row[netip.Addr, time.Time]) bool {
		if !taken(r.key) {
			return false
		}
		d.refused = append(d.refused, r.key)
		return true
	})
	if len(d.refused) == 0 {
		return
	}
	d.log.Info("DHCPv6 address declined", "addresses", d.refused)
	d.hint, d.penalty = nil, 0
	d.start(declining, now)
}

// declined goes on after the server has heard, or cannot be reached. The first time, another address is asked
// for at once; a server that keeps giving out taken addresses is asked less and less often.
func (d *dhcp6) declined(now time.Time) {
	d.refused = nil
	if len(d.leased.rows) > 0 {
		d.phase = bound
		return
	}
	d.dns, d.domains, d.server = nil, nil, nil
	d.penalty = d.refusal
	d.refusal = min(max(2*d.refusal, time.Second), longestPenalty)
	d.start(soliciting, now)
}
