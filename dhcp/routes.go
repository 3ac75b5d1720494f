// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"network-manager-softether/dhcp/internal/domain"
)

// maxRoutes is how many routes a lease may hold. NetworkManager and the kernel
// take many more, but a server that pushes them is broken or hostile.
const maxRoutes = 512

// routes takes option 121, else 249, else 3 (RFC 3442: a client that understands
// classless routes must ignore the router option beside them).
func (j *judgement) routes() error {
	for _, option := range []uint8{optClassless, optClasslessMS} {
		if b, there := j.opts[option]; there {
			return j.classless(option, b)
		}
	}
	return j.router()
}

// router takes the first router of option 3 that is a neighbour.
func (j *judgement) router() error {
	list := addrs(j.opts[optRouter])
	for _, r := range list {
		if j.neighbour(r, nil) {
			j.lease.Router = r
			return nil
		}
		// A subnet of one address has no neighbours; its router is meant to be
		// reached all the same, as on some clouds.
		if j.lease.Addr.IsSingleIP() && usable(r) && r != j.addr {
			j.lease.Router = r
			j.lease.Routes = []Route{{Dst: netip.PrefixFrom(r, 32)}}
			j.add("router %v is outside the subnet %v, adding a route to it", r, j.lease.Addr)
			return nil
		}
	}
	if len(list) > 0 {
		return j.refuse(optRouter, list[0], fmt.Sprintf("not a neighbour in %v, so it cannot be reached", j.lease.Addr.Masked()))
	}
	return nil
}

// neighbour reports whether a is another host on the link: in the subnet or
// behind one of the on-link routes.
func (j *judgement) neighbour(a netip.Addr, onLink []netip.Prefix) bool {
	if !usable(a) || a == j.addr {
		return false
	}
	subnet := j.lease.Addr
	if subnet.Contains(a) {
		return subnet.Bits() >= 31 || a != subnet.Masked().Addr() && a != lastOf(subnet)
	}
	for _, p := range onLink {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// classless takes routes in the format of RFC 3442.
func (j *judgement) classless(option uint8, b []byte) error {
	list, cut, problem := parseRoutes(b)
	if problem != "" {
		return j.refuse(option, fmt.Sprintf("%.32x", b), problem)
	}
	if cut {
		j.add("option %d holds more than %d routes, the rest is left out", option, maxRoutes)
	}
	list, onLink := j.sift(list)
	for _, r := range list {
		switch {
		case r.Dst.Bits() == 0:
			if err := j.defaultRoute(option, r, onLink); err != nil {
				return err
			}
		case r.Via.IsValid() && !j.neighbour(r.Via, onLink):
			j.add("route %v left out: %v is not a neighbour in %v", r, r.Via, j.lease.Addr.Masked())
		default:
			j.lease.Routes = append(j.lease.Routes, r)
		}
	}
	return nil
}

// sift drops routes to where none may lead and all but the first to one place. It
// returns the others and, again, the destinations that are on the link.
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

// defaultRoute makes a route to everywhere the lease's router. One that leads
// nowhere spoils the lease: without it the user's traffic would leave outside of
// the tunnel and nobody would notice.
func (j *judgement) defaultRoute(option uint8, r Route, onLink []netip.Prefix) error {
	if !j.neighbour(r.Via, onLink) {
		return j.refuse(option, "default route "+r.String(), fmt.Sprintf("not through a neighbour in %v", j.lease.Addr.Masked()))
	}
	j.lease.Router = r.Via
	return nil
}

// reachable reports whether a route may lead to dst: not into "this network",
// loopback, link-local, multicast or reserved space, nor around any of these.
func reachable(dst netip.Prefix) bool {
	for _, p := range unroutable {
		if p.Contains(dst.Addr()) && p.Bits() <= dst.Bits() {
			return false
		}
	}
	// Halves of everything (0.0.0.0/1) hold such space too and are common.
	return true
}

var unroutable = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
}

// parseRoutes decodes (length of mask, that many significant bytes of the
// network, next hop)*. It stops at maxRoutes, reporting cut, and says what is
// wrong with a damaged list. The next hop 0.0.0.0 comes out as the zero Addr; bits
// of the network behind the mask are cleared.
func parseRoutes(b []byte) (list []Route, cut bool, problem string) {
	for len(b) > 0 {
		if len(list) == maxRoutes {
			return list, true, ""
		}
		length := int(b[0])
		if length > 32 {
			return nil, false, fmt.Sprintf("a mask of %d bits", length)
		}
		n := (length + 7) / 8
		if len(b) < 1+n+4 {
			return nil, false, "cut off inside a route"
		}
		var dst [4]byte
		copy(dst[:], b[1:1+n])
		r := Route{Dst: netip.PrefixFrom(netip.AddrFrom4(dst), length).Masked()}
		if via := netip.AddrFrom4([4]byte(b[1+n:])); !via.IsUnspecified() {
			r.Via = via
		}
		list = append(list, r)
		b = b[1+n+4:]
	}
	return list, false, ""
}

// splitDomains reads option 15: one name, though some servers put a list with
// spaces into it, and some a final NUL. It reports whether there were too many.
func splitDomains(b []byte) (list []string, more bool) {
	b, _, _ = bytes.Cut(b, []byte{0})
	list = strings.FieldsFunc(string(b), func(r rune) bool { return r == ' ' })
	if len(list) > domain.MaxNames {
		return list[:domain.MaxNames], true
	}
	return list, false
}
