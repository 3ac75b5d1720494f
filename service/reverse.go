// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"network-manager-softether/service/nmvpn"
)

// maxZones bounds the reverse zones of one family.
const maxZones = 32

// routeDNS gives DNS servers that come without a domain and without a default route a purpose: the reverse
// zones of the networks in the tunnel, as routing domains. With no domain at all, NetworkManager sends either
// every query into the tunnel, even for names on the Internet, or, with never-default, none.
func routeDNS(c *nmvpn.IPConfig, full bool) {
	if c == nil || full || len(c.DNS) == 0 || len(c.Domains) > 0 || !c.Addr.Addr().Is4() {
		return
	}
	nets := []netip.Prefix{c.Addr}
	for _, r := range c.Routes {
		nets = append(nets, r.Dst)
	}
	for _, n := range nets {
		for _, zone := range zones(n) {
			if len(c.Domains) < maxZones && !slices.Contains(c.Domains, "~"+zone) {
				c.Domains = append(c.Domains, "~"+zone)
			}
		}
	}
}

// zones returns the reverse zones that make up a network (RFC 1035 3.5): on byte boundaries; the enclosing
// one if the network is smaller than any; none if it is nearly everything.
func zones(p netip.Prefix) []string {
	if p.Bits() < 8 {
		return nil
	}
	whole := min((p.Bits()+7)/8, 3)
	b := p.Masked().Addr().As4()
	var list []string
	for range 1 << max(whole*8-p.Bits(), 0) {
		var labels []string
		for _, octet := range slices.Backward(b[:whole]) {
			labels = append(labels, fmt.Sprint(octet))
		}
		list = append(list, strings.Join(labels, ".")+".in-addr.arpa")
		b[whole-1]++
	}
	return list
}
