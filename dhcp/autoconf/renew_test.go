// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/porttest"
	"network-manager-softether/internal/bubbletest"
)

// holding returns a client whose address is leased for two hours and renewed after
// half an hour.
func holding(t *testing.T) (*network, <-chan *Config6) {
	t.Helper()
	n, c := newNetwork(t)
	done := acquire(c, t.Context())
	n.solicited()
	n.advertise(routerLL, ndp.RouterAdvertisement{ManagedConfiguration: true, RouterLifetime: 9000 * time.Second})
	n.leases(managedIP)
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	changes, _ := maintain(t.Context(), c, got.cfg)
	return n, changes
}

func TestRenewManagedAddress(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		began := time.Now()
		n, changes := holding(t)
		r := n.expect(dhcpv6.MessageTypeRenew)
		if time.Since(began) != 30*time.Minute || r.Options.ServerID() == nil || r.Options.OneIANA().Options.OneAddress() == nil {
			t.Errorf("after %v: %v", time.Since(began), r.Summary())
		}
		n.reply(r, dhcpv6.MessageTypeReply, lease(managedIP), dhcpv6.OptDNS(net.ParseIP("2001:db8:1::99")))
		if got := <-changes; len(got.DNS) != 1 || got.Addr.Addr() != managedIP {
			t.Errorf("renewed: %v", got)
		}
		if n.expect(dhcpv6.MessageTypeRenew); time.Since(began) != time.Hour {
			t.Errorf("second renewal after %v", time.Since(began))
		}
	})
}

func TestARenewalThatChangesNothingIsNoNews(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		var log bytes.Buffer
		n := &network{t: t, port: porttest.New()}
		c := New(n.port, Config{MAC: clientMAC.HardwareAddr(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
		done := acquire(c, t.Context())
		n.solicited()
		n.advertise(routerLL, ndp.RouterAdvertisement{ManagedConfiguration: true, RouterLifetime: 9000 * time.Second})
		n.leases(managedIP)
		got := <-done
		if got.err != nil {
			t.Fatal(got.err)
		}
		maintain(t.Context(), c, got.cfg)
		for range 3 {
			n.reply(n.expect(dhcpv6.MessageTypeRenew), dhcpv6.MessageTypeReply, lease(managedIP))
		}
		n.reply(n.expect(dhcpv6.MessageTypeRenew), dhcpv6.MessageTypeReply, lease(managedIP.Next()))
		n.expect(dhcpv6.MessageTypeRenew)
		synctest.Wait()
		if got := strings.Count(log.String(), "DHCPv6 lease"); got != 2 {
			t.Errorf("%d lines about the lease, want 2, one for each address:\n%s", got, log.String())
		}
	})
}

// What servers may say to RENEW, and what follows.
func TestRenewalAnswers(t *testing.T) {
	other := netip.MustParseAddr("2001:db8:1::200")
	for name, tc := range map[string]struct {
		reply []dhcpv6.Option
		next  dhcpv6.MessageType
	}{
		"unknown lease":      {[]dhcpv6.Option{lease(managedIP, withStatus(iana.StatusNoBinding))}, dhcpv6.MessageTypeSolicit},
		"not now":            {[]dhcpv6.Option{status(iana.StatusUnspecFail)}, dhcpv6.MessageTypeRenew},
		"nothing":            {nil, dhcpv6.MessageTypeRenew},
		"another client's":   {[]dhcpv6.Option{lease(other), raw(dhcpv6.OptionClientID, []byte{0, 3, 0, 1, 1})}, dhcpv6.MessageTypeRenew},
		"another server's":   {[]dhcpv6.Option{lease(other), raw(dhcpv6.OptionServerID, []byte{0, 3, 0, 1, 1})}, dhcpv6.MessageTypeRenew},
		"another IA":         {[]dhcpv6.Option{lease(other, func(ia *dhcpv6.OptIANA) { ia.IaId[0] ^= 1 })}, dhcpv6.MessageTypeRenew},
		"T1 after T2":        {[]dhcpv6.Option{lease(other, func(ia *dhcpv6.OptIANA) { ia.T1 = 2 * ia.T2 })}, dhcpv6.MessageTypeRenew},
		"address taken away": {[]dhcpv6.Option{lease(managedIP, func(ia *dhcpv6.OptIANA) { a := ia.Options.OneAddress(); a.ValidLifetime, a.PreferredLifetime = 0, 0 })}, dhcpv6.MessageTypeSolicit},
		"loopback":           {[]dhcpv6.Option{lease(netip.IPv6Loopback())}, dhcpv6.MessageTypeSolicit},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				n, _ := holding(t)
				n.reply(n.expect(dhcpv6.MessageTypeRenew), dhcpv6.MessageTypeReply, tc.reply...)
				for {
					if m, err := dhcpv6.MessageFromBytes(n.next()[14+40+8:]); err == nil {
						if m.MessageType != tc.next {
							t.Errorf("then %v, want %v", m.MessageType, tc.next)
						}
						if got := m.Options.OneIANA().Options.OneAddress(); tc.next == dhcpv6.MessageTypeRenew && got.IPv6Addr.String() != managedIP.String() {
							t.Errorf("the address became %v", got)
						}
						return
					}
				}
			})
		})
	}
}

// Renewal times beyond the end of the lease are ignored for the usual fractions of it, as by systemd-networkd. Servers
// send them when somebody has shortened nothing but the lease.
func TestTimesOfRenewalBehindTheEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		valid, preferred, t1, t2 time.Duration
		want                     time.Duration // in tenths of a second
	}{
		"both":                 {600, 400, 1000, 2000, 2000},
		"the second":           {600, 600, 500, 2000, 3000},
		"never":                {600, 600, 0xffffffff, 0xffffffff, 3000},
		"at the end":           {600, 600, 600, 600, 3000},
		"before":               {600, 300, 400, 500, 4000},
		"a lease of 8 seconds": {8, 8, 0, 0, 40},
		"of one":               {1, 1, 0, 0, 5},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				n, _ := holding(t)
				n.reply(n.expect(dhcpv6.MessageTypeRenew), dhcpv6.MessageTypeReply, lease(managedIP, func(ia *dhcpv6.OptIANA) {
					a := ia.Options.OneAddress()
					a.ValidLifetime, a.PreferredLifetime = tc.valid*time.Second, tc.preferred*time.Second
					ia.T1, ia.T2 = tc.t1*time.Second, tc.t2*time.Second
				}))
				began := time.Now()
				n.next()
				if got := time.Since(began); got != tc.want*time.Second/10 {
					t.Errorf("the next message after %v, want %v", got, tc.want*time.Second/10)
				}
			})
		})
	}
}

func TestLateAnswerIsIgnored(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, changes := holding(t)
		r := n.expect(dhcpv6.MessageTypeRenew)
		r.TransactionID[0] ^= 1
		n.reply(r, dhcpv6.MessageTypeReply, lease(managedIP), dhcpv6.OptDNS(net.ParseIP("2001:db8:1::99")))
		n.expect(dhcpv6.MessageTypeRenew)
		if len(changes) != 0 {
			t.Errorf("an answer to another message counts: %v", <-changes)
		}
	})
}

// A new login asks for the address of the old one.
func TestAcquireAgainAsksForTheSame(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		n, c := newNetwork(t)
		for i := range 2 {
			done := acquire(c, t.Context())
			n.solicited()
			n.advertise(routerLL, ndp.RouterAdvertisement{ManagedConfiguration: true, RouterLifetime: time.Hour})
			s := n.expect(dhcpv6.MessageTypeSolicit)
			hint := s.Options.OneIANA().Options.OneAddress()
			if (hint != nil) != (i == 1) || hint != nil && hint.IPv6Addr.String() != managedIP.String() {
				t.Errorf("login %d asks for %v", i+1, hint)
			}
			n.reply(s, dhcpv6.MessageTypeReply, lease(managedIP), raw(dhcpv6.OptionRapidCommit, nil))
			if got := <-done; got.err != nil {
				t.Fatal(got.err)
			}
		}
	})
}
