// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/dhcp/internal/porttest"
	"network-manager-softether/internal/bubbletest"
)

// kernel is a Maker that makes what the test says.
type kernel struct {
	told       chan []Prefix
	made       map[netip.Prefix]netip.Addr
	duplicates map[netip.Prefix]int
	taken      sync.Map // of addresses
	remade     chan struct{}
}

func newKernel() *kernel {
	return &kernel{told: make(chan []Prefix, 100), made: map[netip.Prefix]netip.Addr{}, duplicates: map[netip.Prefix]int{}, remade: make(chan struct{})}
}

func (k *kernel) Make(p []Prefix)                       { k.told <- p }
func (k *kernel) Made(p netip.Prefix) (netip.Addr, int) { return k.made[p], k.duplicates[p] }
func (k *kernel) Taken(a netip.Addr) bool               { _, ok := k.taken.Load(a); return ok }
func (k *kernel) Remade() <-chan struct{}               { return k.remade }
func (k *kernel) last(t *testing.T) (list []Prefix) {
	t.Helper()
	synctest.Wait()
	if len(k.told) == 0 {
		t.Fatal("the maker was told nothing")
	}
	for len(k.told) > 0 {
		list = <-k.told
	}
	return list
}

// preferred are the prefixes that new connections may use.
func preferred(list []Prefix) (nets []netip.Prefix) {
	for _, p := range list {
		if p.Preferred.IsZero() || time.Until(p.Preferred) > 0 {
			nets = append(nets, p.Net)
		}
	}
	return nets
}

func withKernel(t *testing.T) (*network, *Client, *kernel) {
	n := &network{t: t, port: porttest.New()}
	k := newKernel()
	return n, New(n.port, Config{MAC: clientMAC.HardwareAddr(), Maker: k}), k
}

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

// Where DHCPv6 gives an address, that one is for whoever reads the configuration.
func TestManagedAddressIsChosen(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c, k := withKernel(t)
		done := acquire(c, t.Context())
		n.solicited()
		ra := usual()
		ra.ManagedConfiguration = true
		n.advertise(routerLL, ra)
		n.reply(n.expect(dhcpv6.MessageTypeSolicit), dhcpv6.MessageTypeReply, lease(managedIP), raw(dhcpv6.OptionRapidCommit, nil))
		if got := <-done; got.cfg.Addr.Addr() != managedIP || len(got.cfg.Addrs) != 2 {
			t.Errorf("configuration %v", got.cfg)
		}
		if list := k.last(t); len(list) != 1 || list[0].Chosen {
			t.Errorf("the maker was told %v", list)
		}
	})
}

// A leased address that another host has is declined, and another one asked for: at once the first time.
func TestTakenLeaseIsDeclined(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c, k := withKernel(t)
		done := acquire(c, t.Context())
		n.solicited()
		ra := usual()
		ra.ManagedConfiguration = true
		n.advertise(routerLL, ra)
		give := func(a netip.Addr) {
			n.reply(n.expect(dhcpv6.MessageTypeSolicit), dhcpv6.MessageTypeReply, lease(a), raw(dhcpv6.OptionRapidCommit, nil))
		}
		give(managedIP)
		cur := (<-done).cfg
		changes := make(chan *Config6, 10)
		go c.Maintain(t.Context(), cur, func(cfg *Config6) { changes <- cfg })

		k.taken.Store(managedIP, true)
		k.remade <- struct{}{}
		m := n.expect(dhcpv6.MessageTypeDecline)
		if ia := m.Options.OneIANA(); ia == nil || m.Options.ServerID() == nil || !ia.Options.OneAddress().IPv6Addr.Equal(managedIP.AsSlice()) {
			t.Errorf("declined by %v", m.Summary())
		}
		if m.Options.RequestedOptions() != nil {
			t.Error("a decline that asks for options")
		}
		if got := <-changes; got.Addr.Addr() == managedIP {
			t.Errorf("the address is still in %v", got)
		}
		// The first one is lost.
		m = n.expect(dhcpv6.MessageTypeDecline)
		n.reply(m, dhcpv6.MessageTypeReply, status(iana.StatusSuccess))
		answered, other := time.Now(), managedIP.Next()
		give(other)
		if got := <-changes; got.Addr.Addr() != other {
			t.Errorf("after another lease: %v", got)
		}
		if w := time.Since(answered); w > changePauseMax {
			t.Errorf("another address took %v", w)
		}

		// Nobody answers: four times, then another one all the same, later.
		k.taken.Store(other, true)
		k.remade <- struct{}{}
		for range 4 {
			n.expect(dhcpv6.MessageTypeDecline)
		}
		began := time.Now()
		n.expect(dhcpv6.MessageTypeSolicit)
		if w := time.Since(began); w < time.Second {
			t.Errorf("asked for a third one after %v", w)
		}
	})
}

// No router in a new session: what the one before heard counts no longer.
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
