// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/internal/bubbletest"
)

func TestMakerMakesTheAddresses(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c, k := withKernel(t)
		own := netip.MustParseAddr("2001:db8:1::a")
		k.made[prefix] = own
		done := acquire(c, t.Context())
		n.solicited()
		began := time.Now()
		n.advertise(routerLL, usual())
		got := <-done
		if want := netip.PrefixFrom(own, 64); got.err != nil || got.cfg.Addr != want {
			t.Fatalf("address %v, %v, want the maker's %v", got.cfg, got.err, want)
		}
		want := []Prefix{{Net: prefix, Chosen: true, Valid: began.Add(24 * time.Hour), Preferred: began.Add(4 * time.Hour)}}
		if diff := cmp.Diff(want, k.last(t), cmpNet); diff != "" {
			t.Errorf("the maker was told (-want +got)\n%s", diff)
		}
		changes := make(chan *Config6, 10)
		go c.Maintain(t.Context(), got.cfg, func(cfg *Config6) { changes <- cfg })
		time.Sleep(time.Minute)
		// Another host has it: the client makes others up, until that does not help either.
		var tried []netip.Prefix
		for i := 1; i <= maxDuplicates; i++ {
			synctest.Wait()
			delete(k.made, prefix)
			k.duplicates[prefix] = i
			k.remade <- struct{}{}
			cfg := <-changes
			for _, before := range append(tried, slaac, netip.PrefixFrom(own, 64)) {
				if cfg.Addr == before || !prefix.Contains(cfg.Addr.Addr()) {
					t.Errorf("after %d duplicates %v", i, cfg.Addr)
				}
			}
			tried = append(tried, cfg.Addr)
			time.Sleep(2 * changePauseMax)
		}
		synctest.Wait()
		k.duplicates[prefix]++
		k.remade <- struct{}{}
		if cfg := <-changes; cfg.Addr.IsValid() {
			t.Errorf("after %d duplicates %v", maxDuplicates+1, cfg.Addr)
		}
	})
}

// The address that NetworkManager has stays with it as long as it lives.
func TestChosenAddressStays(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c, k := withKernel(t)
		local, other := netip.MustParsePrefix("fd00:1::/64"), netip.MustParsePrefix("2001:db8:9::/64")
		done := acquire(c, t.Context())
		n.solicited()
		n.advertise(routerLL, ndp.RouterAdvertisement{Options: []ndp.Option{prefixOption(local, 24*time.Hour, 24*time.Hour)}})
		got := <-done
		changes := make(chan *Config6, 10)
		go c.Maintain(t.Context(), got.cfg, func(cfg *Config6) { changes <- cfg })
		n.advertise(routerLL, ndp.RouterAdvertisement{RouterLifetime: time.Hour, Options: []ndp.Option{prefixOption(prefix, 12*time.Hour, time.Hour)}})
		if cfg := <-changes; cfg.Addr != slaac {
			t.Errorf("a global address comes after a unique local one: %v", cfg)
		}
		n.advertise(routerLL, ndp.RouterAdvertisement{RouterLifetime: time.Hour, Options: []ndp.Option{
			prefixOption(other, 24*time.Hour, 24*time.Hour), prefixOption(prefix, 12*time.Hour, 0),
		}})
		if cfg := <-changes; cfg.Addr != slaac || len(cfg.Addrs) != 3 {
			t.Errorf("an address in use gave way to one that is preferred: %v", cfg)
		}
		if got := preferred(k.last(t)); len(got) != 2 || got[0] != local || got[1] != other {
			t.Errorf("preferred are %v", got)
		}
		time.Sleep(12 * time.Hour)
		synctest.Wait()
		for len(changes) > 1 {
			<-changes
		}
		if cfg := <-changes; !other.Contains(cfg.Addr.Addr()) {
			t.Errorf("the address has ended, but %v", cfg)
		}
		if list := k.last(t); len(list) != 2 || list[0].Net != other || !list[0].Chosen || list[1].Chosen {
			t.Errorf("the maker was told %v", list)
		}
	})
}

// New connections use addresses of the router that has the default route (RFC 8028).
func TestSourcesOfTheNextHop(t *testing.T) {
	second, other := netip.MustParseAddr("fe80::2"), netip.MustParsePrefix("2001:db8:9::/64")
	local := netip.MustParsePrefix("fd00:1::/64")
	says := func(life time.Duration, prefixes ...netip.Prefix) ndp.RouterAdvertisement {
		a := ndp.RouterAdvertisement{RouterLifetime: life}
		for _, p := range prefixes {
			a.Options = append(a.Options, prefixOption(p, 24*time.Hour, 12*time.Hour))
		}
		return a
	}
	for name, tc := range map[string]struct {
		first, second ndp.RouterAdvertisement
		want          []netip.Prefix
	}{
		"a prefix of another router":  {says(time.Hour, prefix), says(time.Hour, other), []netip.Prefix{prefix}},
		"a unique local one":          {says(time.Hour, prefix), says(time.Hour, local), []netip.Prefix{prefix, local}},
		"of one that routes nothing":  {says(time.Hour, prefix), says(0, other), []netip.Prefix{prefix, other}},
		"of both":                     {says(time.Hour, prefix, other), says(time.Hour, other), []netip.Prefix{prefix, other}},
		"the next hop has none":       {says(time.Hour), says(time.Hour, other), []netip.Prefix{other}},
		"the next hop's is local":     {says(time.Hour, local), says(time.Hour, other), []netip.Prefix{other, local}},
		"a better router came second": {says(0, prefix), says(time.Hour, other), []netip.Prefix{prefix, other}},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				n, c, k := withKernel(t)
				done := acquire(c, t.Context())
				n.advertise(routerLL, tc.first)
				n.advertise(second, tc.second)
				got := <-done
				go c.Maintain(t.Context(), got.cfg, func(*Config6) {})
				time.Sleep(5 * time.Second)
				if diff := cmp.Diff(tc.want, preferred(k.last(t)), cmpNet); diff != "" {
					t.Errorf("preferred (-want +got)\n%s", diff)
				}
				n.advertise(routerLL, ndp.RouterAdvertisement{}) // goodbye
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if len(k.told) > 0 {
					if slices.Contains(preferred(k.last(t)), other) {
						return
					}
					t.Error("the second router's addresses are not preferred after the first one's goodbye")
				}
			})
		})
	}
}

// No router in a new session: what was heard in the one before no longer counts.
func TestMakerHearsThatThereIsNoRouter(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		_, c, k := withKernel(t)
		<-acquire(c, t.Context())
		if list := k.last(t); len(list) != 0 {
			t.Errorf("the maker was told %v", list)
		}
	})
}

func TestAdvertisement(t *testing.T) {
	now := time.Now()
	other := netip.MustParsePrefix("fd00:1::/64")
	frame := Advertisement([]Prefix{
		{Net: prefix, Valid: now.Add(90 * time.Second), Preferred: now.Add(-time.Hour)},
		{Net: other, Preferred: now.Add(1500 * time.Millisecond)},
	}, now)
	a, ok := parseAdvert(frame)
	if !ok || a.life != 0 || len(a.routes)+len(a.dns)+len(a.domains)+a.mtu != 0 || a.damaged != 0 {
		t.Fatalf("%+v, %v", a, ok)
	}
	want := []prefixInfo{
		{prefix: prefix, auto: true, valid: 90 * time.Second},
		{prefix: other, auto: true, valid: forever, preferred: 2 * time.Second},
	}
	if diff := cmp.Diff(want, a.prefixes, cmpNet); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if packet.MAC(frame[6:12]).Group() {
		t.Error("it comes from a group")
	}
}
