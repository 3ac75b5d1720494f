// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"net/netip"
	"slices"
)

// maxRoutes is how many routes a lease may contain. NetworkManager and the kernel accept many more, but a
// server that pushes them is broken or hostile.
const maxRoutes = 512

// routes takes option 121, else 249, else 33, and the router of option 3 unless the classless options replace
// it.
func (j *judgement) routes() error {
	if option, b := j.pushed(); len(b) > 0 {
		return j.classless(option, b)
	}
	if b := j.opts[optClassful]; len(b) > 0 {
		list, _, problem := parseClassful(b)
		j.damage(optClassful, list, problem)
		if err := j.take(optClassful, list); err != nil {
			return err
		}
	}
	return j.router()
}

// pushed returns the option with classless routes: 121, or 249 if only that is present or undamaged.
func (j *judgement) pushed() (uint8, []byte) {
	first, second := j.opts[optClassless], j.opts[optClasslessMS]
	if len(second) > 0 {
		_, _, damaged := parseRoutes(first)
		if _, _, damagedToo := parseRoutes(second); len(first) == 0 || damaged != "" && damagedToo == "" {
			return optClasslessMS, second
		}
	}
	return optClassless, first
}

// classless takes routes in the format of RFC 3442, which requires option 3 to be ignored beside them. A list
// whose end is lost may have contained the default route there: then option 3 counts.
func (j *judgement) classless(option uint8, b []byte) error {
	list, cut, problem := parseRoutes(b)
	j.damage(option, list, problem)
	if cut {
		j.add("option %d holds more than %d routes, the rest is left out", option, maxRoutes)
	}
	if err := j.take(option, list); err != nil || j.lease.Router.IsValid() || j.lease.OnLink {
		return err
	}
	if problem != "" {
		return j.router()
	}
	for _, r := range addrs(j.opts[optRouter]) {
		if j.host(r) {
			j.lease.SetAside = r
			break
		}
	}
	return nil
}

// damage notes that an option is good only up to some point.
func (j *judgement) damage(option uint8, list []Route, problem string) {
	if problem != "" {
		j.add("option %d is damaged behind %d routes (%s), the rest is ignored", option, len(list), problem)
	}
}

// take adds a list of routes to the lease.
func (j *judgement) take(option uint8, list []Route) error {
	list, onLink := j.sift(list)
	for _, r := range list {
		switch {
		case r.Dst.Bits() == 0:
			if err := j.defaultRoute(option, r, onLink); err != nil {
				return err
			}
		case r.Via.IsValid() && !j.reach(r.Via, onLink):
			j.add("route %v left out: %v is not the address of another host", r, r.Via)
		case !j.has(r.Dst):
			j.lease.Routes = append(j.lease.Routes, r)
		}
	}
	return nil
}

// router takes the first router of option 3 in the subnet, or else the first outside. An unusable one spoils
// the lease just as a bad default route does; 0.0.0.0 means that there is none.
func (j *judgement) router() error {
	list := addrs(j.opts[optRouter])
	slices.SortStableFunc(list, func(a, b netip.Addr) int { return j.distance(a) - j.distance(b) })
	var wrong netip.Addr
	for _, r := range list {
		switch {
		case j.reach(r, nil):
			j.lease.Router = r
			return nil
		case !r.IsUnspecified() && !wrong.IsValid():
			wrong = r
		}
	}
	if wrong.IsValid() {
		return j.useless(optRouter, wrong, "not the address of another host")
	}
	return nil
}

func (j *judgement) distance(a netip.Addr) int {
	if j.lease.Addr.Contains(a) {
		return 0
	}
	return 1
}

// useless is a default route that leads nowhere. It spoils the lease, since without it the user's traffic
// would leave outside the tunnel; where no default route was wanted, it does not matter.
func (j *judgement) useless(option uint8, value any, problem string) error {
	if j.noDefault {
		j.add("option %d (%s) left out: %v is %s", option, optionName(option), value, problem)
		return nil
	}
	return j.refuse(option, value, problem)
}

// host reports whether a can be another host, near or far.
func (j *judgement) host(a netip.Addr) bool {
	if !usable(a) || a == j.addr {
		return false
	}
	subnet := j.lease.Addr
	return !subnet.Contains(a) || subnet.Bits() >= 31 || a != subnet.Masked().Addr() && a != lastOf(subnet)
}

// reach makes sure that packets can be sent to a: it is a neighbour in the subnet or on one of the on-link
// routes, or else, as in NetworkManager, gets an on-link route of its own.
func (j *judgement) reach(a netip.Addr, onLink []netip.Prefix) bool {
	if !j.host(a) {
		return false
	}
	covers := func(p netip.Prefix) bool { return p.Contains(a) }
	alone := netip.PrefixFrom(a, 32)
	if covers(j.lease.Addr) || slices.ContainsFunc(onLink, covers) {
		return true
	}
	for i, r := range j.lease.Routes {
		if r.Dst == alone { // a kernel accepts no router behind another router
			j.lease.Routes[i].Via = netip.Addr{}
			return true
		}
	}
	j.add("%v is outside the subnet %v, adding a route to it", a, j.lease.Addr.Masked())
	j.lease.Routes = append(j.lease.Routes, Route{Dst: alone})
	return true
}

func (j *judgement) has(dst netip.Prefix) bool {
	return slices.ContainsFunc(j.lease.Routes, func(r Route) bool { return r.Dst == dst })
}

// sift drops routes to destinations that must not be routed, and all but the first to any destination. It
// returns the others and, separately, the destinations that are on the link.
func (j *judgement) sift(list []Route) (kept []Route, onLink []netip.Prefix) {
	seen := make(map[netip.Prefix]bool, len(list))
	for _, r := range list {
		if r.Via == j.addr { // how Windows says "on-link"
			r.Via = netip.Addr{}
		}
		everywhere := r.Dst.Bits() == 0 // judged elsewhere
		switch {
		case !everywhere && !reachable(r.Dst):
			j.add("route %v left out: loopback, link-local, multicast and reserved addresses are not routed", r)
			continue
		case seen[r.Dst]:
			j.add("route %v left out: there is one to the same place already", r)
			continue
		case !everywhere && !r.Via.IsValid():
			onLink = append(onLink, r.Dst)
		}
		seen[r.Dst] = true
		kept = append(kept, r)
	}
	return kept, onLink
}

// defaultRoute makes a route to everywhere the router of the lease.
func (j *judgement) defaultRoute(option uint8, r Route, onLink []netip.Prefix) error {
	switch {
	case !r.Via.IsValid():
		j.lease.OnLink = true
	case j.reach(r.Via, onLink):
		j.lease.Router = r.Via
	default:
		return j.useless(option, "default route "+r.String(), "not through another host")
	}
	return nil
}

// reachable reports whether a route may lead to dst: not into "this network", loopback, link-local, multicast
// or reserved space. A prefix around any of these is allowed: halves of everything (0.0.0.0/1) are common.
func reachable(dst netip.Prefix) bool {
	for _, p := range unroutable {
		if p.Contains(dst.Addr()) && p.Bits() <= dst.Bits() {
			return false
		}
	}
	return true
}

var unroutable = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
}
