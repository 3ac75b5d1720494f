// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/mdlayher/ndp"
)

// FuzzConfig holds what may come out of any frame, and of any options in frames
// that are otherwise right: a configuration that a host can use.
func FuzzConfig(f *testing.F) {
	f.Add(advertFrame(f, routerLL, usual()))
	f.Add(advertFrame(f, routerLL, usual(
		ndp.NewMTU(1400),
		&ndp.RecursiveDNSServer{Lifetime: time.Hour, Servers: []netip.Addr{routerLL}},
		&ndp.DNSSearchList{Lifetime: time.Hour, DomainNames: []string{"corp.example"}},
		&ndp.RouteInformation{PrefixLength: 48, Prefix: netip.MustParseAddr("2001:db8:2::"), RouteLifetime: time.Hour},
	))[14+40+advertLen:])
	f.Add((&dhcpv6.Message{Options: dhcpv6.MessageOptions{Options: dhcpv6.Options{
		lease(managedIP), status(0), raw(dhcpv6.OptionDomainSearchList, []byte("\x04corp\x00")), raw(dhcpv6.OptionRapidCommit, nil),
	}}}).ToBytes()[4:])
	advertHead := []byte{typeAdvertisement, 0, 0, 0, 64, 0xc0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 1400)]
		c := New(nil, Config{MAC: clientMAC.HardwareAddr()})
		now := time.Now()
		c.receive(b, now)
		c.receive(icmp(routerLL, allNodes, 255, append(bytes.Clone(advertHead), b...)), now)
		c.dhcp.want(true, true, now)
		c.dhcp.tick(now)
		head := append([]byte{7}, c.dhcp.xid[:]...)
		for _, o := range []dhcpv6.Option{raw(dhcpv6.OptionClientID, c.dhcp.id.duid), raw(dhcpv6.OptionServerID, serverDUID)} {
			head = append(head, 0, byte(o.Code()), 0, byte(len(o.ToBytes())))
			head = append(head, o.ToBytes()...)
		}
		c.receive(framed6(append(head, b...)), now)
		for _, later := range []time.Duration{0, time.Hour, 1000 * time.Hour} {
			c.host.expire(now.Add(later))
			c.dhcp.leased.expire(now.Add(later))
			sound(t, c.config(now.Add(later)))
			if c.next(now.Add(later)) < 0 {
				t.Error("the next event is in the past")
			}
		}
	})
}

// sound reports what is wrong with a configuration.
func sound(t *testing.T, cfg *Config6) {
	t.Helper()
	for _, p := range cfg.Addrs {
		if !p.IsValid() || !usableHost(p.Addr()) || p.Bits() != 64 && p.Bits() != 128 {
			t.Errorf("address %v", p)
		}
	}
	for _, r := range cfg.Routes {
		if r.Dst != r.Dst.Masked() || r.Dst.Bits() <= 0 || r.Via.IsValid() && !r.Via.IsLinkLocalUnicast() {
			t.Errorf("route %v", r)
		}
	}
	if cfg.Router.IsValid() && !cfg.Router.IsLinkLocalUnicast() {
		t.Errorf("router %v", cfg.Router)
	}
	if len(cfg.Addrs) > 2*maxAddrs || len(cfg.Routes) > maxRoutes+maxPrefixes || len(cfg.DNS) > 2*maxDNS || len(cfg.Domains) > 2*maxDomains {
		t.Errorf("more than allowed: %v", cfg)
	}
	for _, d := range cfg.DNS {
		if d.IsMulticast() || d.IsLoopback() || d.IsUnspecified() || d.Is4In6() {
			t.Errorf("DNS server %v", d)
		}
	}
	if cfg.MTU != 0 && (cfg.MTU < minMTU || cfg.MTU > maxMTU) {
		t.Errorf("MTU %d", cfg.MTU)
	}
}
