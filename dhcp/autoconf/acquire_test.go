// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp"
	"network-manager-softether/internal/bubbletest"
)

type acquired struct {
	cfg  *Config6
	err  error
	took time.Duration
}

func acquire(c *Client, ctx context.Context) <-chan acquired {
	done := make(chan acquired, 1)
	began := time.Now()
	go func() {
		cfg, err := c.Acquire(ctx)
		done <- acquired{cfg, err, time.Since(began)}
	}()
	return done
}

func TestSLAAC(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		if src := n.solicited(); src != clientLL {
			t.Errorf("solicitation from %v, want %v", src, clientLL)
		}
		dns := netip.MustParseAddr("2001:db8:1::53")
		n.advertise(routerLL, usual(
			ndp.NewMTU(1400),
			&ndp.RecursiveDNSServer{Lifetime: time.Hour, Servers: []netip.Addr{dns}},
			&ndp.DNSSearchList{Lifetime: time.Hour, DomainNames: []string{"corp.example"}},
			&ndp.RouteInformation{PrefixLength: 48, Prefix: netip.MustParseAddr("2001:db8:2::"), RouteLifetime: time.Hour},
			prefixOption(netip.MustParsePrefix("2001:db8:3::/48"), time.Hour, time.Hour),
		))
		got := <-done
		want := &Config6{
			Addr: slaac, Addrs: []netip.Prefix{slaac}, Router: routerLL,
			Routes: []Route{
				{Dst: netip.MustParsePrefix("2001:db8:3::/48")},
				{Dst: netip.MustParsePrefix("2001:db8:2::/48"), Via: routerLL},
			},
			DNS: []netip.Addr{dns}, Domains: []string{"corp.example"}, MTU: 1400,
		}
		if diff := cmp.Diff(want, got.cfg, cmpNet); diff != "" || got.err != nil || got.took != 0 {
			t.Errorf("after %v, error %v (-want +got)\n%s", got.took, got.err, diff)
		}
	})
}

// Three solicitations, 4 s apart (RFC 4861 10), the second without a source for
// routers that cannot resolve ours.
func TestNoRouter(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		began := time.Now()
		for i, src := range []netip.Addr{clientLL, netip.IPv6Unspecified(), clientLL} {
			if got := n.solicited(); got != src || time.Since(began) != time.Duration(i)*4*time.Second {
				t.Errorf("solicitation %d after %v from %v, want %v", i+1, time.Since(began), got, src)
			}
		}
		if got := <-done; got.cfg != nil || !errors.Is(got.err, ErrNoRouter) || got.took != 12*time.Second {
			t.Errorf("after %v: %v, %v", got.took, got.cfg, got.err)
		}
	})
}

func TestAcquireObeysItsContext(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		_, c := newNetwork(t)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if got := <-acquire(c, ctx); !errors.Is(got.err, ErrNoRouter) || got.took != 3*time.Second {
			t.Errorf("deadline: after %v: %v", got.took, got.err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		done := acquire(c, ctx)
		synctest.Wait()
		cancel()
		if got := <-done; !errors.Is(got.err, context.Canceled) {
			t.Errorf("cancelled: %v", got.err)
		}
		n, c := newNetwork(t)
		done = acquire(c, t.Context())
		synctest.Wait()
		n.port.Close()
		if got := <-done; !errors.Is(got.err, dhcp.ErrPortClosed) {
			t.Errorf("port closed: %v", got.err)
		}
	})
}

func TestRouterWithoutUse(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		n.advertise(routerLL, ndp.RouterAdvertisement{RouterLifetime: time.Hour})
		if got := <-done; !errors.Is(got.err, ErrNoAddress) || got.took != routerWait {
			t.Errorf("after %v: %v", got.took, got.err)
		}
	})
}

func TestInformation(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		n.solicited()
		ra := usual()
		ra.OtherConfiguration = true
		n.advertise(routerLL, ra)
		r := n.expect(dhcpv6.MessageTypeInformationRequest)
		if r.Options.OneIANA() != nil {
			t.Error("asks for an address")
		}
		n.reply(r, dhcpv6.MessageTypeReply, dhcpv6.OptDNS(net.ParseIP("2001:db8:1::53"), net.ParseIP("::1")))
		got := <-done
		if got.err != nil || len(got.cfg.DNS) != 1 || got.took != 0 {
			t.Errorf("after %v: %v, %v", got.took, got.cfg, got.err)
		}
	})
}

// A router that asked for DHCPv6 addresses, which nobody gave, and later asks for information alone gets it.
func TestInformationInPlaceOfAnAddress(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		n.solicited()
		n.advertise(routerLL, usualManaged())
		n.expect(dhcpv6.MessageTypeSolicit)
		got := <-done
		if got.err != nil {
			t.Fatal(got.err)
		}
		changes, _ := maintain(t.Context(), c, got.cfg)
		other := usual()
		other.OtherConfiguration = true
		n.advertise(routerLL, other)
		n.expect(dhcpv6.MessageTypeSolicit) // somebody may still answer
		n.expect(dhcpv6.MessageTypeSolicit)
		n.advertise(routerLL, other)
		n.reply(n.expect(dhcpv6.MessageTypeInformationRequest), dhcpv6.MessageTypeReply, dhcpv6.OptDNS(net.ParseIP("2001:db8:1::53")))
		if got := <-changes; len(got.DNS) != 1 {
			t.Errorf("then there is %v", got)
		}
		n.advertise(routerLL, usualManaged())
		n.leases(managedIP)
		if got := <-changes; len(got.Addrs) != 2 {
			t.Errorf("then there is %v", got)
		}
		n.advertise(routerLL, other)
		time.Sleep(time.Minute)
		if len(n.port.Sent()) != 0 {
			t.Error("a lease is given up for information")
		}
	})
}

// A server that says no, or contradicts itself, is not hammered.
func TestRefusalsSlowDown(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		done := acquire(c, t.Context())
		n.solicited()
		n.advertise(routerLL, ndp.RouterAdvertisement{ManagedConfiguration: true, RouterLifetime: time.Hour})
		var solicits int
		for {
			select {
			case got := <-done:
				if !errors.Is(got.err, ErrNoAddress) || solicits < 3 || solicits > 5 {
					t.Errorf("%d solicitations, %v", solicits, got.err)
				}
				return
			case f := <-n.port.Sent():
				m, err := dhcpv6.MessageFromBytes(f[14+40+8:])
				if err != nil {
					continue // a router solicitation
				}
				switch a := (asked{m, time.Now()}); m.MessageType {
				case dhcpv6.MessageTypeSolicit:
					solicits++
					n.reply(a, dhcpv6.MessageTypeAdvertise, lease(managedIP))
				case dhcpv6.MessageTypeRequest:
					n.reply(a, dhcpv6.MessageTypeReply, lease(managedIP, withStatus(iana.StatusNoAddrsAvail)))
				}
			}
		}
	})
}

func TestBadConfig(t *testing.T) {
	c := New(nil, Config{})
	if _, err := c.Acquire(t.Context()); err == nil {
		t.Error("Acquire does not complain")
	}
	if err := c.Maintain(t.Context(), nil, nil); err == nil {
		t.Error("Maintain does not complain")
	}
}
