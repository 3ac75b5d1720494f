// SPDX-License-Identifier: Apache-2.0

// Package settings describes to a person what a network lets a host use, for either IP version.
package settings

import (
	"fmt"
	"net/netip"
	"strings"
)

// A Line is the part of it that is worth a place in a log.
type Line struct {
	First   string // what the line begins with: the addresses
	Router  netip.Addr
	OnLink  bool // default route without a router
	DNS     []netip.Addr
	WINS    []netip.Addr
	NTP     []netip.Addr
	Domains []string
	Routes  int // how many
	MTU     int
}

// String returns l as "10.0.0.5/24, router 10.0.0.1, DNS 10.0.0.1 10.0.0.2, 3 routes", leaving out what is
// not set.
func (l Line) String() string {
	parts := []string{l.First}
	add := func(there bool, format string, what any) {
		if there {
			parts = append(parts, fmt.Sprintf(format, what))
		}
	}
	add(l.Router.IsValid(), "router %v", l.Router)
	add(l.OnLink, "default route %s", "without a router")
	add(len(l.DNS) > 0, "DNS %s", Join(l.DNS))
	add(len(l.WINS) > 0, "WINS %s", Join(l.WINS))
	add(len(l.NTP) > 0, "NTP %s", Join(l.NTP))
	add(len(l.Domains) > 0, "domains %s", strings.Join(l.Domains, " "))
	add(l.Routes > 0, "%d routes", l.Routes)
	add(l.MTU != 0, "MTU %d", l.MTU)
	return strings.Join(parts, ", ")
}

// Join returns addresses or prefixes separated by spaces.
func Join[T fmt.Stringer](list []T) string {
	var words []string
	for _, a := range list {
		words = append(words, a.String())
	}
	return strings.Join(words, " ")
}
