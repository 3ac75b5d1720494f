// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/service/nmvpn"
)

// world is an announcement that the cases below change one thing of.
func world(change ...func(*announcement)) announcement {
	a := announcement{
		config: nmvpn.Config{TunDev: "se0", Gateway: netip.MustParseAddr("192.0.2.1")},
		ip4: &nmvpn.IPConfig{
			Addr: netip.MustParsePrefix("10.0.0.2/24"), Gateway: netip.MustParseAddr("10.0.0.1"),
			DNS: []netip.Addr{netip.MustParseAddr("10.0.0.1")},
		},
	}
	for _, f := range change {
		f(&a)
	}
	return a
}

func dns4(a *announcement)     { a.ip4.DNS = []netip.Addr{netip.MustParseAddr("10.0.0.53")} }
func address4(a *announcement) { a.ip4.Addr = netip.MustParsePrefix("10.0.0.3/24") }
func route4(a *announcement) {
	a.ip4.Routes = []nmvpn.Route{{Dst: netip.MustParsePrefix("10.9.0.0/16")}}
}
func server(a *announcement) { a.config.Gateway = netip.MustParseAddr("192.0.2.2") }
func no4(a *announcement)    { a.ip4 = nil }
func with6(a *announcement) {
	a.ip6 = &nmvpn.IPConfig{Addr: netip.MustParsePrefix("2001:db8::2/64")}
}

func with6AndDNS(a *announcement) {
	with6(a)
	a.ip6.DNS = []netip.Addr{netip.MustParseAddr("2001:db8::53")}
}

// The rules are those of networkmanager.md 4.6, observed on NetworkManager 1.42.4.
func TestNetworkManagerIsToldOnlyWhatChanged(t *testing.T) {
	for _, tt := range []struct {
		name       string
		told, next announcement
		want       []step
		toggles    bool
	}{
		{"the first time everything", announcement{}, world(with6), []step{tellConfig, tellIP4, tellIP6, tellStarted}, false},
		{"the first time without addresses", announcement{}, world(no4), []step{tellConfig, tellStarted}, false},
		{"nothing changed", world(), world(), nil, false},
		{"another address", world(), world(address4), []step{tellIP4}, false},
		{"another route", world(), world(route4), []step{tellIP4}, false},
		{"another address of one family", world(with6), world(with6, address4), []step{tellIP4}, false},
		{"another server", world(with6), world(with6, server), []step{tellConfig, tellIP4, tellIP6}, false},
		{"another DNS server bounces, with a toggled route", world(), world(dns4), []step{tellStarting, tellIP4, tellStarted}, true},
		{"DNS and address bounce without a toggle", world(), world(dns4, address4), []step{tellStarting, tellIP4, tellStarted}, false},
		{"IPv6 comes later", world(), world(with6), []step{tellConfig, tellIP6}, false},
		{"IPv6 with DNS comes later", world(), world(with6AndDNS), []step{tellStarting, tellConfig, tellIP4, tellIP6, tellStarted}, false},
		{"IPv6 is gone: a family cannot be taken back", world(with6), world(), nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, told := steps(announcement{}, tt.told)
			got, next := steps(told, tt.next)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("unexpected steps (-want +got):\n%s", diff)
			}
			if toggles := next.toggled != told.toggled; toggles != tt.toggles {
				t.Errorf("toggled: %v, want %v", toggles, tt.toggles)
			}
			if again, _ := steps(next, tt.next); len(again) != 0 {
				t.Errorf("telling the same again takes %v, want nothing", again)
			}
		})
	}
}

func TestTwoBouncesNeverCarryTheSameRoutes(t *testing.T) {
	_, a := steps(announcement{}, world())
	_, b := steps(a, world(dns4))
	_, c := steps(b, world())
	for i, pair := range [][2]announcement{{a, b}, {b, c}} {
		first, second := withToggle(*pair[0].ip4, pair[0].toggled), withToggle(*pair[1].ip4, pair[1].toggled)
		if first.SameRouting(second) {
			t.Errorf("bounce %d carries the routes of the one before: NetworkManager would hang", i+1)
		}
	}
}

func TestTheRedundantRouteLeadsWhereTrafficGoesAnyway(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  nmvpn.IPConfig
		want string
	}{
		{"to the gateway", *world().ip4, "10.0.0.1/32"},
		{"to the network itself", nmvpn.IPConfig{Addr: netip.MustParsePrefix("10.0.0.2/24")}, "10.0.0.0/32"},
		{"IPv6", nmvpn.IPConfig{Addr: netip.MustParsePrefix("2001:db8::2/64"), Gateway: netip.MustParseAddr("fe80::1")}, "fe80::1/128"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := withToggle(tt.cfg, true).Routes
			if len(got) != 1 || got[0].Dst.String() != tt.want || got[0].Via.IsValid() {
				t.Errorf("routes %v, want %s on-link", got, tt.want)
			}
		})
	}
}
