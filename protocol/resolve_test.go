// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"network-manager-softether/internal/bubbletest"
)

func addrs(list ...string) []netip.Addr {
	var a []netip.Addr
	for _, s := range list {
		a = append(a, netip.MustParseAddr(s))
	}
	return a
}

var compareAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestFamiliesAlternate(t *testing.T) {
	for _, tt := range []struct {
		name     string
		in, want []netip.Addr
	}{
		{
			"IPv6 preferred", addrs("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2", "192.0.2.3"),
			addrs("2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"),
		},
		{"IPv4 preferred", addrs("192.0.2.1", "2001:db8::1"), addrs("192.0.2.1", "2001:db8::1")},
		{"doubles", addrs("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"), addrs("192.0.2.1")},
		{"none", nil, addrs()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, interleave(tt.in), compareAddr, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unexpected order (-want +got):\n%s", diff)
			}
		})
	}
	var many []netip.Addr
	for a := netip.MustParseAddr("192.0.2.1"); len(many) < 100; a = a.Next() {
		many = append(many, a)
	}
	if got := len(interleave(many)); got != maxAddresses {
		t.Errorf("%d addresses kept, want %d", got, maxAddresses)
	}
}

// resolverFunc is a Resolver.
type resolverFunc func(ctx context.Context) ([]netip.Addr, error)

func (f resolverFunc) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return f(ctx)
}

func TestResolvedAddressesOutliveTheResolver(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		answer := func(context.Context) ([]netip.Addr, error) { return addrs("192.0.2.1"), nil }
		c := NewCachingResolver(resolverFunc(func(ctx context.Context) ([]netip.Addr, error) { return answer(ctx) }))
		lookup := func() ([]netip.Addr, time.Duration, error) {
			began := time.Now()
			a, err := c.LookupNetIP(t.Context(), "ip", "vpn.example")
			return a, time.Since(began), err
		}
		if _, _, err := lookup(); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("server misbehaving")
		answer = func(context.Context) ([]netip.Addr, error) { return nil, broken }
		if a, _, err := lookup(); err != nil || a[0] != addrs("192.0.2.1")[0] {
			t.Errorf("broken resolver: %v, %v, want the last good answer", a, err)
		}
		answer = func(ctx context.Context) ([]netip.Addr, error) { <-ctx.Done(); return nil, ctx.Err() }
		if a, took, err := lookup(); err != nil || len(a) != 1 || took != defaultTiming.resolveCached {
			t.Errorf("silent resolver: %v, %v after %v, want the last good answer after %v", a, err, took, defaultTiming.resolveCached)
		}
		answer = func(context.Context) ([]netip.Addr, error) { return addrs("192.0.2.9"), nil }
		if a, _, err := lookup(); err != nil || a[0] != addrs("192.0.2.9")[0] {
			t.Errorf("working resolver: %v, %v, want its new answer", a, err)
		}
		answer = func(context.Context) ([]netip.Addr, error) { return nil, broken }
		if _, err := c.LookupNetIP(t.Context(), "ip", "other.example"); !errors.Is(err, broken) {
			t.Errorf("a name never resolved: %v, want %v", err, broken)
		}
	})
}
