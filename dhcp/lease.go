// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"time"

	"network-manager-softether/dhcp/internal/pace"
	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/dhcp/internal/settings"
)

// Infinite is the Duration of a lease that never ends.
const Infinite = time.Duration(math.MaxInt64)

// A Lease is what a server lets this host use, after all checks. It never changes after it has been returned.
type Lease struct {
	Addr    netip.Prefix
	Router  netip.Addr   // next hop of the default route; zero: there must be none, or see OnLink
	OnLink  bool         // the default route has no next hop: every host is a neighbour
	DNS     []netip.Addr // in the server's order
	WINS    []netip.Addr // NetBIOS name servers
	NTP     []netip.Addr // time servers; for people to read
	Domains []string     // search list: option 15 first, then 119
	Routes  []Route      // without the default route
	MTU     int          // 0: not given

	// SetAside is the router of option 3 if classless routes came with it that include no default route:
	// option 3 must then be ignored (RFC 3442), so there is no default route.
	SetAside netip.Addr

	Server    netip.Addr // server identifier
	ServerMAC [6]byte    // who sent the ACK: the server, or the relay in front of it

	Duration time.Duration // all three count from Acquired; Infinite if it never ends
	T1, T2   time.Duration // when to renew, when to ask any server
	Acquired time.Time     // when the request was sent (RFC 2131 4.4.1); see pace.Now
}

// A Route leads to Dst through Via, a neighbour; a zero Via means that Dst is on the link itself.
type Route struct {
	Dst netip.Prefix
	Via netip.Addr
}

// String returns r as "10.0.0.0/8 via 192.168.30.1" or "10.0.0.0/8 on-link".
func (r Route) String() string {
	if !r.Via.IsValid() {
		return r.Dst.String() + " on-link"
	}
	return r.Dst.String() + " via " + r.Via.String()
}

// Equal reports whether l and m configure a host in the same way. Times, the server and time servers do not
// count.
func (l *Lease) Equal(m *Lease) bool {
	if l == nil || m == nil {
		return l == m
	}
	return l.Addr == m.Addr && l.Router == m.Router && l.OnLink == m.OnLink && l.MTU == m.MTU &&
		slices.Equal(l.DNS, m.DNS) && slices.Equal(l.WINS, m.WINS) && slices.Equal(l.Domains, m.Domains) && slices.Equal(l.Routes, m.Routes)
}

// String returns l in one line.
func (l *Lease) String() string {
	return settings.Line{
		First:  fmt.Sprintf("%v from %v for %s", l.Addr, l.Server, readable(l.Duration)),
		Router: l.Router, OnLink: l.OnLink, DNS: l.DNS, WINS: l.WINS, NTP: l.NTP, Domains: l.Domains, Routes: len(l.Routes), MTU: l.MTU,
	}.String()
}

// LogValue implements [slog.LogValuer].
func (l *Lease) LogValue() slog.Value {
	if l == nil {
		return slog.StringValue("none")
	}
	return slog.GroupValue(
		slog.String("lease", l.String()),
		slog.String("renew-after", readable(l.T1)),
		slog.String("server-mac", packet.MAC(l.ServerMAC).String()),
	)
}

// Left returns how long l may still be used.
func (l *Lease) Left() time.Duration { return l.left(l.Duration, pace.Now()) }

func readable(d time.Duration) string {
	if d == Infinite {
		return "ever"
	}
	return d.Round(time.Second).String()
}
