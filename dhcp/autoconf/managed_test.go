// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/ndp"

	"network-manager-softether/internal/bubbletest"
)

func TestManagedAddress(t *testing.T) {
	managed := ndp.RouterAdvertisement{ManagedConfiguration: true, RouterLifetime: time.Hour}
	dns := dhcpv6.OptDNS(net.ParseIP("2001:db8:1::53"))
	t.Run("two round trips", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			n, c := newNetwork(t)
			done := acquire(c, t.Context())
			n.solicited()
			n.advertise(routerLL, managed)
			s := n.expect(dhcpv6.MessageTypeSolicit)
			wantID := []byte{0, 3, 0, 1, 0x5e, 0, 0, 0, 0, 1}
			if diff := cmp.Diff(wantID, s.Options.ClientID().ToBytes()); diff != "" {
				t.Errorf("DUID (-want +got)\n%s", diff)
			}
			if s.GetOneOption(dhcpv6.OptionRapidCommit) == nil || s.Options.OneIANA().IaId != [4]byte{0, 0, 0, 1} {
				t.Errorf("SOLICIT is %v", s.Summary())
			}
			n.reply(s, dhcpv6.MessageTypeAdvertise, lease(managedIP))
			r := n.expect(dhcpv6.MessageTypeRequest)
			if got := r.Options.OneIANA().Options.OneAddress().IPv6Addr.String(); got != managedIP.String() {
				t.Errorf("asks for %v", got)
			}
			if diff := cmp.Diff(serverDUID, r.Options.ServerID().ToBytes()); diff != "" {
				t.Errorf("server (-want +got)\n%s", diff)
			}
			n.reply(r, dhcpv6.MessageTypeReply, lease(managedIP), dns, raw(dhcpv6.OptionDomainSearchList, []byte("\x04corp\x00")))
			got := <-done
			addr := netip.PrefixFrom(managedIP, 128)
			want := &Config6{
				Addr: addr, Addrs: []netip.Prefix{addr}, Router: routerLL,
				DNS: []netip.Addr{netip.MustParseAddr("2001:db8:1::53")}, Domains: []string{"corp"},
			}
			if diff := cmp.Diff(want, got.cfg, cmpNet); diff != "" || got.err != nil {
				t.Errorf("error %v (-want +got)\n%s", got.err, diff)
			}
		})
	})
	t.Run("rapid commit", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			n, c := newNetwork(t)
			done := acquire(c, t.Context())
			n.solicited()
			n.advertise(routerLL, managed)
			s := n.expect(dhcpv6.MessageTypeSolicit)
			n.reply(s, dhcpv6.MessageTypeReply, lease(managedIP)) // without the option: not valid
			n.reply(s, dhcpv6.MessageTypeReply, lease(managedIP), raw(dhcpv6.OptionRapidCommit, nil))
			if got := <-done; got.err != nil || got.cfg.Addr.Addr() != managedIP {
				t.Errorf("%v, %v", got.cfg, got.err)
			}
		})
	})
	t.Run("no server, but a prefix", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			n, c := newNetwork(t)
			done := acquire(c, t.Context())
			ra := usual()
			ra.ManagedConfiguration = true
			n.advertise(routerLL, ra)
			if got := <-done; got.err != nil || got.cfg.Addr != slaac || got.took != dhcpToo {
				t.Errorf("after %v: %v, %v", got.took, got.cfg, got.err)
			}
		})
	})
	t.Run("no server", func(t *testing.T) {
		bubbletest.Run(t, func(t *testing.T) {
			n, c := newNetwork(t)
			done := acquire(c, t.Context())
			n.advertise(routerLL, managed)
			if got := <-done; !errors.Is(got.err, ErrNoAddress) || got.took != dhcpOnly {
				t.Errorf("after %v: %v, %v", got.took, got.cfg, got.err)
			}
		})
	})
}

// The prefix on the link belongs among the routes when the address is a /128.
func TestManagedBeforeSLAAC(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		n.solicited()
		n.advertise(routerLL, usualManaged())
		n.leases(managedIP)
		got := <-done
		addr := netip.PrefixFrom(managedIP, 128)
		want := &Config6{Addr: addr, Addrs: []netip.Prefix{addr, slaac}, Router: routerLL, Routes: []Route{{Dst: prefix}}}
		if diff := cmp.Diff(want, got.cfg, cmpNet); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// Where DHCPv6 gives an address, that one is for whoever reads the configuration.
func TestManagedAddressIsChosen(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c, k := withKernel(t)
		done := acquire(c, t.Context())
		n.solicited()
		n.advertise(routerLL, usualManaged())
		n.leases(managedIP)
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
		n.advertise(routerLL, usualManaged())
		n.leases(managedIP)
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
		n.leases(other)
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
