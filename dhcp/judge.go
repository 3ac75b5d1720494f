// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"fmt"
	"log/slog"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"network-manager-softether/dhcp/internal/domain"
)

// Bounds on what a lease may say.
const (
	maxServers  = 16   // of one kind
	minMTU      = 576  // every IPv4 host can receive that (RFC 791)
	maxMTU      = 1500 // what a virtual hub carries
	minDuration = 10 * time.Second
	maxNotes    = 16
)

// defaultDuration stands in for a lease time that a server left out, although one is required (RFC 2131
// 4.3.1).
const defaultDuration = time.Hour

// notes are what was corrected in a lease, in words for the log; bounded, since the server determines how
// much there is to say.
type notes struct {
	list []string
	more int
}

func (n *notes) add(format string, args ...any) {
	if len(n.list) == maxNotes {
		n.more++
		return
	}
	n.list = append(n.list, fmt.Sprintf(format, args...))
}

func (n *notes) log(l *slog.Logger, server netip.Addr) {
	for _, text := range n.list {
		l.Warn("DHCP lease mended", "server", server, "what", text)
	}
	if n.more > 0 {
		l.Warn("DHCP lease mended in more places", "server", server, "count", n.more)
	}
}

// judge turns r, requested at sent, into a Lease. A lease that no host could use is a *LeaseError, and so is
// one that would silently take the user's default route away, unless noDefault says that nobody wants one;
// everything else is corrected or left out, with a note.
func judge(r *reply, sent time.Time, noDefault bool) (*Lease, *notes, error) {
	j := judgement{
		reply:     r,
		notes:     new(notes),
		lease:     &Lease{Server: r.server, ServerMAC: r.mac, Acquired: sent},
		noDefault: noDefault,
	}
	for _, step := range []func() error{j.address, j.routes, j.names, j.times} {
		if err := step(); err != nil {
			return nil, j.notes, err
		}
	}
	return j.lease, j.notes, nil
}

type judgement struct {
	*reply
	*notes
	lease     *Lease
	noDefault bool
}

func (j *judgement) refuse(option uint8, value any, problem string) error {
	return &LeaseError{Server: j.server, Option: option, Value: fmt.Sprint(value), Problem: problem}
}

// address judges the address and its subnet.
func (j *judgement) address() error {
	if !usable(j.addr) {
		return j.refuse(0, j.addr, "not the address of a host")
	}
	mask, there := j.opts[optMask]
	var length int
	switch {
	case !there:
		length = j.guessMask()
		j.add("no subnet mask, taking /%d", length)
	case len(mask) != 4:
		return j.refuse(optMask, fmt.Sprintf("%x", mask), "not 4 bytes long")
	default:
		m, _ := seconds(mask)
		length = bits.LeadingZeros32(^m)
		if m<<length != 0 || length == 0 {
			return j.refuse(optMask, netip.AddrFrom4([4]byte(mask)), "no mask of a subnet")
		}
	}
	p := netip.PrefixFrom(j.addr, length)
	// Networks of /31 and /32 have no network or broadcast address (RFC 3021).
	if length < 31 && (j.addr == p.Masked().Addr() || j.addr == lastOf(p)) {
		return j.refuse(0, p, "the first or the last address of its subnet, which no host may have")
	}
	j.lease.Addr = p
	return nil
}

// guessMask stands in for a missing option 1: /24, the smallest likely network, so that as little as possible
// of the user's own networks is covered; the address's class (RFC 791) only if the router would not be in the
// /24.
func (j *judgement) guessMask() int {
	const likely = 24
	routers := addrs(j.opts[optRouter])
	if len(routers) == 0 || netip.PrefixFrom(j.addr, likely).Contains(routers[0]) {
		return likely
	}
	return classOf(j.addr)
}

func lastOf(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(a)
}

// names judges the servers, the domains and, since nothing can go wrong with it either, the MTU.
func (j *judgement) names() error {
	j.lease.DNS = j.servers(optDNS, "DNS")
	j.lease.WINS = j.servers(optWINS, "WINS")
	j.lease.NTP = j.servers(optNTP, "NTP")
	j.domains()
	if m := j.opts[optMTU]; len(m) == 2 {
		if mtu := int(m[0])<<8 | int(m[1]); mtu >= minMTU && mtu <= maxMTU {
			j.lease.MTU = mtu
		} else {
			j.add("MTU %d left out: not in %d to %d", mtu, minMTU, maxMTU)
		}
	}
	return nil
}

// servers returns a list of hosts without duplicates.
func (j *judgement) servers(option uint8, kind string) (list []netip.Addr) {
	for _, d := range addrs(j.opts[option]) {
		switch {
		case !usable(d) && !d.IsLinkLocalUnicast():
			j.add("%s server %v left out: not the address of a host", kind, d)
		case slices.Contains(list, d):
		case len(list) == maxServers:
			j.add("%s server %v left out: more than %d", kind, d, maxServers)
		default:
			list = append(list, d)
		}
	}
	if n := len(j.opts[option]); n%4 != 0 {
		j.add("option %d (%s servers) left out: %d bytes are no list of addresses", option, kind, n)
	}
	return list
}

func (j *judgement) domains() {
	list, rest := splitDomains(j.opts[optDomain])
	for _, raw := range list {
		if name, ok := domain.Clean(raw); ok {
			j.addDomain(name)
		} else {
			j.add("domain %.80q left out: not a domain name", raw)
		}
	}
	if rest {
		j.add("option 15 (domain) holds more than %d names, the rest is left out", domain.MaxNames)
	}
	search, dropped, err := domain.ParseList(j.opts[optSearch], true)
	for _, name := range search {
		j.addDomain(name)
	}
	if dropped > 0 {
		j.add("%d domains of option 119 left out: not domain names, or too many", dropped)
	}
	if err != nil {
		j.add("option 119 (domain search) is cut off after %d names: %v", len(search), err)
	}
}

func (j *judgement) addDomain(name string) {
	if len(j.lease.Domains) < domain.MaxNames && !slices.Contains(j.lease.Domains, name) {
		j.lease.Domains = append(j.lease.Domains, name)
	}
}

// times judges the lease time and the two renewal times (RFC 2131 4.4.5).
func (j *judgement) times() error {
	l := j.lease
	s, ok := seconds(j.opts[optLeaseTime])
	switch l.Duration = time.Duration(s) * time.Second; {
	case !ok:
		l.Duration = defaultDuration
		j.add("no lease time, taking %v", l.Duration)
	case s == 0xffffffff:
		l.Duration, l.T1, l.T2 = Infinite, Infinite, Infinite
		return nil
	case l.Duration < minDuration:
		j.add("lease time %v is too short, taking %v", l.Duration, minDuration)
		l.Duration = minDuration
	}
	l.T1, l.T2 = l.Duration/2, l.Duration/8*7
	t1, has1 := seconds(j.opts[optT1])
	t2, has2 := seconds(j.opts[optT2])
	if has1 {
		l.T1 = time.Duration(t1) * time.Second
	}
	if has2 {
		l.T2 = time.Duration(t2) * time.Second
	}
	if l.T1 < minDuration/2 || l.T1 > l.T2 || l.T2 > l.Duration {
		j.add("renewal times %v and %v do not fit a lease of %v, taking the usual parts of it", l.T1, l.T2, l.Duration)
		l.T1, l.T2 = l.Duration/2, l.Duration/8*7
	}
	return nil
}
