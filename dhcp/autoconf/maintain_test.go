// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp"
	"network-manager-softether/internal/bubbletest"
)

func maintain(ctx context.Context, c *Client, cur *Config6) (<-chan *Config6, <-chan error) {
	changes, end := make(chan *Config6, 64), make(chan error, 1)
	go func() { end <- c.Maintain(ctx, cur, func(cfg *Config6) { changes <- cfg }) }()
	return changes, end
}

// followed is a client that has acquired what ra says and maintains it.
func followed(t *testing.T, ra ndp.RouterAdvertisement) (*network, <-chan *Config6) {
	t.Helper()
	n, c := newNetwork(t)
	done := acquire(c, t.Context())
	n.solicited()
	n.advertise(routerLL, ra)
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	changes, _ := maintain(t.Context(), c, got.cfg)
	return n, changes
}

func TestRepeatedAdvertisementsAreNoChange(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, changes := followed(t, usual())
		for range 100 {
			time.Sleep(10 * time.Minute)
			n.advertise(routerLL, usual())
			synctest.Wait()
		}
		if len(changes) != 0 || len(n.port.Sent()) != 0 {
			t.Errorf("%d changes, %d frames sent", len(changes), len(n.port.Sent()))
		}
	})
}

func TestLifetimesExpire(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		began := time.Now()
		n, changes := followed(t, usual(&ndp.RecursiveDNSServer{Lifetime: time.Hour, Servers: []netip.Addr{netip.MustParseAddr("2001:db8:1::53")}}))
		addrs := []netip.Prefix{slaac}
		for _, want := range []struct {
			after time.Duration
			cfg   *Config6
		}{
			{30 * time.Minute, &Config6{Addr: slaac, Addrs: addrs, DNS: []netip.Addr{netip.MustParseAddr("2001:db8:1::53")}}},
			{time.Hour, &Config6{Addr: slaac, Addrs: addrs}},
			{24 * time.Hour, &Config6{}},
		} {
			got := <-changes
			if diff := cmp.Diff(want.cfg, got, cmpNet); diff != "" || time.Since(began) != want.after {
				t.Errorf("after %v, want %v (-want +got)\n%s", time.Since(began), want.after, diff)
			}
		}
		// Nothing is left: routers are solicited again, less and less often.
		if src := n.solicited(); src != clientLL || time.Since(began) != 24*time.Hour {
			t.Errorf("solicitation from %v after %v", src, time.Since(began))
		}
		for range 30 {
			n.solicited()
		}
		if d := time.Since(began) - 24*time.Hour; d < 15*time.Hour || d > 25*time.Hour {
			t.Errorf("31 solicitations in %v", d)
		}
		n.advertise(routerLL, usual())
		if got := <-changes; got.Addr != slaac || got.Router != routerLL {
			t.Errorf("a router is back, but %v", got)
		}
	})
}

func TestWithdrawal(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		dns := &ndp.RecursiveDNSServer{Lifetime: time.Hour, Servers: []netip.Addr{netip.MustParseAddr("2001:db8:1::53")}}
		rio := &ndp.RouteInformation{PrefixLength: 48, Prefix: netip.MustParseAddr("2001:db8:2::"), RouteLifetime: time.Hour}
		n, changes := followed(t, usual(dns, rio))
		dns0, rio0 := *dns, *rio
		dns0.Lifetime, rio0.RouteLifetime = 0, 0
		began := time.Now()
		n.advertise(routerLL, ndp.RouterAdvertisement{Options: []ndp.Option{&dns0, &rio0, prefixOption(prefix, 0, 0)}})
		// The prefix is off the link at once, the address stays for the two hours that
		// RFC 4862 5.5.3 e gives it, since anybody could have said that.
		stays := netip.PrefixFrom(slaac.Addr(), 128)
		if diff := cmp.Diff(&Config6{Addr: stays, Addrs: []netip.Prefix{stays}}, <-changes, cmpNet); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if got := <-changes; got.Addr.IsValid() || time.Since(began) != 2*time.Hour {
			t.Errorf("after %v: %v", time.Since(began), got)
		}
	})
}

func TestSeveralRouters(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		second, third := netip.MustParseAddr("fe80::2"), netip.MustParseAddr("fe80::3")
		n, changes := followed(t, usual())
		n.advertise(second, ndp.RouterAdvertisement{RouterLifetime: time.Hour, RouterSelectionPreference: ndp.High})
		if got := <-changes; got.Router != second {
			t.Errorf("router %v, want the one of high preference", got.Router)
		}
		n.advertise(third, ndp.RouterAdvertisement{RouterLifetime: time.Hour, RouterSelectionPreference: ndp.High})
		time.Sleep(5 * time.Second)
		if len(changes) != 0 {
			t.Errorf("an equal router took over: %v", <-changes)
		}
		n.advertise(second, ndp.RouterAdvertisement{})
		if got := <-changes; got.Router != third {
			t.Errorf("router %v, want the third", got.Router)
		}
		// A route to everywhere stands for the header (RFC 4191 3.1).
		n.advertise(third, ndp.RouterAdvertisement{RouterLifetime: time.Hour, RouterSelectionPreference: ndp.High, Options: []ndp.Option{
			&ndp.RouteInformation{Prefix: netip.IPv6Unspecified(), Preference: ndp.Low, RouteLifetime: time.Hour},
		}})
		time.Sleep(2 * time.Second)
		if got := <-changes; got.Router != routerLL || len(got.Routes) != 0 {
			t.Errorf("router %v, routes %v, want the first router", got.Router, got.Routes)
		}
	})
}

func TestBestRouteToEachPlace(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		second := netip.MustParseAddr("fe80::2")
		dst := netip.MustParsePrefix("2001:db8:2::/48")
		rio := func(p ndp.Preference) ndp.Option {
			return &ndp.RouteInformation{PrefixLength: 48, Prefix: dst.Addr(), Preference: p, RouteLifetime: time.Hour}
		}
		n, changes := followed(t, usual(rio(ndp.Low)))
		n.advertise(second, ndp.RouterAdvertisement{Options: []ndp.Option{rio(ndp.Medium)}})
		if diff := cmp.Diff([]Route{{Dst: dst, Via: second}}, (<-changes).Routes, cmpNet); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestDeprecatedAndLocalAddressesComeLast(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		local, other := netip.MustParsePrefix("fd00:1::/64"), netip.MustParsePrefix("2001:db8:9::/64")
		began := time.Now()
		_, changes := followed(t, ndp.RouterAdvertisement{Options: []ndp.Option{
			prefixOption(local, 24*time.Hour, 24*time.Hour),
			prefixOption(prefix, 24*time.Hour, time.Hour),
			prefixOption(other, 24*time.Hour, 2*time.Hour),
		}})
		for _, want := range []struct {
			after time.Duration
			best  netip.Prefix
		}{{time.Hour, other}, {2 * time.Hour, local}} {
			if got := <-changes; got.Addr.Masked() != want.best || len(got.Addrs) != 3 || time.Since(began) != want.after {
				t.Errorf("after %v: %v, want best %v after %v", time.Since(began), got.Addrs, want.best, want.after)
			}
		}
	})
}

// However often a router changes its mind, the host is told once a second at most, and
// once a minute if that does not end.
func TestChangesArePaced(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, changes := followed(t, usual())
		for i := range 100 {
			ra := usual()
			if i%2 == 0 {
				ra.RouterLifetime = 0
			}
			n.advertise(routerLL, ra)
			time.Sleep(100 * time.Millisecond)
		}
		if got := len(changes); got < 3 || got > 5 {
			t.Errorf("%d changes in 10 s", got)
		}
		for i := range 2321 { // 20 minutes
			ra := usual()
			if i%2 == 0 {
				ra.RouterLifetime = 0
			}
			n.advertise(routerLL, ra)
			time.Sleep(517 * time.Millisecond)
		}
		if got := len(changes); got < 20 || got > 30 {
			t.Errorf("%d changes in 20 minutes", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for len(changes) > 0 {
			<-changes
		}
		// It was calm for long: what is new is told at once.
		began := time.Now()
		ra := usual()
		ra.RouterLifetime = time.Hour
		n.advertise(routerLL, ra)
		if got := <-changes; got.Router != routerLL || time.Since(began) != 0 {
			t.Errorf("after %v: %v", time.Since(began), got)
		}
	})
}

func TestMaintainFromNothing(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		changes, end := maintain(t.Context(), c, nil)
		n.solicited()
		n.advertise(routerLL, ndp.RouterAdvertisement{RouterLifetime: time.Hour}) // no use yet
		time.Sleep(time.Minute)
		if len(changes) != 0 {
			t.Errorf("reports %v", <-changes)
		}
		n.advertise(routerLL, usual())
		if got := <-changes; got.Addr != slaac {
			t.Errorf("reports %v", got)
		}
		n.port.Close()
		if err := <-end; !errors.Is(err, dhcp.ErrPortClosed) {
			t.Errorf("error = %v", err)
		}
	})
}
