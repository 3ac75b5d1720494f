// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A resolver gives a name server 5 s before it asks the next one, so that one that is dead costs as long each time. It
// still has them here, but does not keep the next one from answering first.

// hedge is how long a name server has before the next one is asked as well.
const hedge = 400 * time.Millisecond

// maxNameServers is how many of resolv.conf are ever asked (resolv.conf(5)).
const maxNameServers = 3

// A lookup asks for the addresses of one name. It ends with its context.
type lookup func(context.Context) ([]netip.Addr, error)

// firstAnswer begins the lookups one after the other, the next one when hedge has passed or the one before it has
// failed. The first answer counts, and that there is no such name is one. If nobody answers, the error is that of the
// first lookup.
func firstAnswer(ctx context.Context, lookups ...lookup) ([]netip.Addr, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		of    int
		addrs []netip.Addr
		err   error
	}
	results := make(chan result, len(lookups))
	next := time.NewTimer(0)
	defer next.Stop()
	var failure error
	for begun, ended := 0, 0; ended < len(lookups); {
		select {
		case <-next.C:
			if begun < len(lookups) {
				go func(i int) {
					addrs, err := lookups[i](ctx)
					results <- result{i, addrs, err}
				}(begun)
				begun++
				next.Reset(hedge)
			}
		case r := <-results:
			if e, ok := errors.AsType[*net.DNSError](r.err); len(r.addrs) > 0 || ok && e.IsNotFound {
				return r.addrs, r.err
			}
			if r.of == 0 {
				failure = r.err
			}
			ended++
			next.Reset(0)
		}
	}
	return nil, failure
}

// bySystem has the system's resolver look a name up, and beside it the name servers of resolv.conf behind the first one.
// They only help: that there is no such name is for the resolver to say, which may know other places than name servers,
// and the first of them may be another VPN's, which alone knows the name.
func (b *baseNames) bySystem(ctx context.Context, network, host string) ([]netip.Addr, error) {
	lookups := []lookup{func(ctx context.Context) ([]netip.Addr, error) { return b.system.LookupNetIP(ctx, network, host) }}
	for n := 1; n < maxNameServers; n++ {
		lookups = append(lookups, func(ctx context.Context) ([]netip.Addr, error) {
			r := net.Resolver{PreferGo: true, Dial: passingOver(n, b.dial)}
			addrs, err := r.LookupNetIP(ctx, network, host)
			if err != nil {
				return nil, errBeside
			}
			return addrs, nil
		})
	}
	return firstAnswer(ctx, lookups...)
}

// errBeside is that of a name server which helped nobody.
var errBeside = errors.New("a further name server has no address")

// passingOver dials for a resolver, but not the first n name servers it turns to: it goes on with the next one at once.
func passingOver(n int, dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	var mu sync.Mutex
	var over []string
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		if len(over) < n && !slices.Contains(over, address) {
			over = append(over, address)
		}
		pass := slices.Contains(over, address)
		mu.Unlock()
		if pass {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("somebody else asks it")}
		}
		return dial(ctx, network, address)
	}
}
