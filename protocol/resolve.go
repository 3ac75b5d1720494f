// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A CachingResolver asks another resolver and remembers its last good answer for each name. That answer
// stands in when a later look-up fails or hangs: while the tunnel is down, so are the DNS servers behind it.
// It is safe for concurrent use.
type CachingResolver struct {
	resolver Resolver
	wait     time.Duration // how long to wait for an answer that is in the cache

	mu   sync.Mutex
	last map[string][]netip.Addr // guarded by mu
}

// NewCachingResolver returns an empty cache in front of r; nil means
// [net.DefaultResolver].
func NewCachingResolver(r Resolver) *CachingResolver {
	if r == nil {
		r = net.DefaultResolver
	}
	return &CachingResolver{resolver: r, wait: defaultTiming.resolveCached, last: make(map[string][]netip.Addr)}
}

// LookupNetIP looks host up. It returns the remembered answer if the resolver has none, or takes too long.
func (c *CachingResolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	last := c.remembered(network, host)
	lookup := ctx
	if last != nil {
		var cancel context.CancelFunc
		lookup, cancel = context.WithTimeout(ctx, c.wait)
		defer cancel()
	}
	addrs, err := c.ask(lookup, network, host)
	if (err != nil || len(addrs) == 0) && last != nil && ctx.Err() == nil {
		return last, nil
	}
	return addrs, err
}

// remembered returns the last good answer, nil if there is none.
func (c *CachingResolver) remembered(network, host string) []netip.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.last[network+" "+host])
}

// ask looks host up and remembers a good answer.
func (c *CachingResolver) ask(ctx context.Context, network, host string) ([]netip.Addr, error) {
	addrs, err := c.resolver.LookupNetIP(ctx, network, host)
	if err != nil || len(addrs) == 0 {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[network+" "+host] = slices.Clone(addrs)
	return addrs, nil
}

// Known returns all addresses of the remembered answers.
func (c *CachingResolver) Known() (list []netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, addrs := range c.last {
		for _, a := range addrs {
			list = append(list, a.Unmap())
		}
	}
	return list
}

// interleave removes duplicates and alternates between the address families, beginning with that of the first
// address, as the resolver sorts by what is reachable (RFC 8305 4, RFC 6724). It keeps at most maxAddresses.
func interleave(addrs []netip.Addr) []netip.Addr {
	var families [2][]netip.Addr
	seen := make(map[netip.Addr]bool)
	first := 0
	for i, a := range addrs {
		a = a.Unmap()
		if !a.IsValid() || seen[a] {
			continue
		}
		seen[a] = true
		f := 0
		if a.Is6() {
			f = 1
		}
		if i == 0 {
			first = f
		}
		families[f] = append(families[f], a)
	}
	a, b := families[first], families[1-first]
	mixed := make([]netip.Addr, 0, len(a)+len(b))
	for i := range max(len(a), len(b)) {
		if i < len(a) {
			mixed = append(mixed, a[i])
		}
		if i < len(b) {
			mixed = append(mixed, b[i])
		}
	}
	return mixed[:min(len(mixed), maxAddresses)]
}
