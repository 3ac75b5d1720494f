// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
)

// targets are the addresses that a connection is opened to. A look-up of the name may run beside that: an address that
// was good may be dead by now, and so may the name servers, and neither is worth waiting for. A look-up is hearsay: what
// only it has named may refuse us without a word for the others (see [dialer.open] and [Session.attach]).
type targets struct {
	list []netip.AddrPort
	ask  func(context.Context) ([]netip.AddrPort, error) // nil: there is no name, or no reason to
	// after is for how long there has been no connection before ask is called, and lead how long ask alone has: if it is as
	// quick as that, what it finds stands for list.
	after, lead time.Duration
	limit       time.Duration // of each attempt; 0: timing.connect
}

// resolve returns where a login goes: to what the name stands for now, or the last time if nobody says so soon.
func (d *dialer) resolve(ctx context.Context) (targets, error) {
	host, port := d.firstHop()
	if a, err := netip.ParseAddr(host); err == nil {
		return targets{list: []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), port)}}, nil
	}
	if known := d.remembered(); len(known) > 0 {
		return targets{list: known, ask: d.lookUp, lead: d.timing.hedge}, nil
	}
	list, err := d.lookUp(ctx)
	return targets{list: list}, err
}

// again returns where a connection goes for a session that lives at home. At the first try that is home; the name is
// looked up once home has not answered for a moment. Then all that the name has stood for is tried as well, as it may lead
// to the same server over another network.
func (d *dialer) again(home netip.AddrPort, try int) targets {
	t := targets{list: []netip.AddrPort{home}}
	if host, _ := d.firstHop(); isAddr(host) {
		return t
	}
	t.ask, t.after = d.lookUp, d.timing.hedge
	if try > 0 {
		t.list = unite(t.list, d.remembered())
		t.after = 0
	}
	return t
}

func isAddr(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// remembered returns the addresses that the name stood for the last time.
func (d *dialer) remembered() []netip.AddrPort {
	host, port := d.firstHop()
	return withPort(d.names().remembered("ip", host), port)
}

// lookUp asks for the addresses of the server, or of the proxy in front of it, in the order to try them.
func (d *dialer) lookUp(ctx context.Context) ([]netip.AddrPort, error) {
	host, port := d.firstHop()
	ctx, cancel := context.WithTimeout(ctx, d.timing.resolve)
	defer cancel()
	addrs, err := d.names().ask(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	if err != nil {
		return nil, d.unreachable(ctx, "resolve", host, err)
	}
	return withPort(addrs, port), nil
}

// names is the resolver; newDialer has put the cache there.
func (d *dialer) names() *CachingResolver { return d.Resolver.(*CachingResolver) }

func withPort(addrs []netip.Addr, port uint16) []netip.AddrPort {
	list := make([]netip.AddrPort, 0, len(addrs))
	for _, a := range interleave(addrs) {
		list = append(list, netip.AddrPortFrom(a, port))
	}
	return list
}

// unite returns a, and behind it what else is in b.
func unite(a, b []netip.AddrPort) []netip.AddrPort {
	all := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
}

// without returns the targets but for addr.
func (t targets) without(addr netip.AddrPort) targets {
	other := func(list []netip.AddrPort) []netip.AddrPort {
		return slices.DeleteFunc(slices.Clone(list), func(a netip.AddrPort) bool { return a == addr })
	}
	if ask := t.ask; ask != nil {
		t.ask = func(ctx context.Context) ([]netip.AddrPort, error) {
			list, err := ask(ctx)
			return other(list), err
		}
	}
	t.list, t.after, t.lead = other(t.list), 0, 0
	return t
}

// sure returns the targets without hearsay, which addr is, and false if it is not. They have had a chance already.
func (t targets) sure(addr netip.AddrPort, limit time.Duration) (targets, bool) {
	if t.ask == nil || slices.Contains(t.list, addr) {
		return t, false
	}
	return targets{list: t.list, limit: limit}, true
}
