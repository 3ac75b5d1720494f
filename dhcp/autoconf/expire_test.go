// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/ndp"

	"network-manager-softether/internal/bubbletest"
)

func TestRebindThenExpire(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		began := time.Now()
		n, changes := holding(t)
		var at []time.Duration
		for range 40 {
			u, err := dhcpv6.MessageFromBytes(n.next()[14+40+8:])
			if err != nil {
				continue
			}
			if u.MessageType == dhcpv6.MessageTypeRebind && len(at) == 0 {
				at = append(at, time.Since(began))
				if u.Options.ServerID() != nil {
					t.Error("REBIND names a server")
				}
			}
			if u.MessageType == dhcpv6.MessageTypeSolicit {
				at = append(at, time.Since(began))
				break
			}
		}
		if len(at) != 2 || at[0] != 48*time.Minute || at[1] < 2*time.Hour || at[1] > 2*time.Hour+2*time.Second {
			t.Errorf("rebinds and starts over after %v", at)
		}
		if got := <-changes; got.Addr.IsValid() {
			t.Errorf("expired, but %v", got)
		}
	})
}

// DNS servers and domains of a lease go with it, also when its server has forgotten it and none gives another.
func TestDNSOfALostLeaseGoes(t *testing.T) {
	dns := dhcpv6.OptDNS(net.ParseIP("2001:db8:1::53"))
	for name, tc := range map[string]struct {
		reply []dhcpv6.Option
		after time.Duration
	}{
		"forgotten":  {[]dhcpv6.Option{lease(managedIP, withStatus(iana.StatusNoBinding))}, 2 * time.Hour},
		"taken back": {[]dhcpv6.Option{lease(managedIP, func(ia *dhcpv6.OptIANA) { a := ia.Options.OneAddress(); a.ValidLifetime, a.PreferredLifetime = 0, 0 })}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				n, c := newNetwork(t)
				done := acquire(c, t.Context())
				n.solicited()
				n.advertise(routerLL, ndp.RouterAdvertisement{ManagedConfiguration: true, RouterLifetime: 9000 * time.Second, Options: []ndp.Option{prefixOption(prefix, 24*time.Hour, 4*time.Hour)}})
				n.leases(managedIP, dns)
				got := <-done
				if got.err != nil || len(got.cfg.DNS) != 1 {
					t.Fatal(got.cfg, got.err)
				}
				changes, _ := maintain(t.Context(), c, got.cfg)
				n.reply(n.expect(dhcpv6.MessageTypeRenew), dhcpv6.MessageTypeReply, tc.reply...)
				asked := time.Now()
				lost := <-changes
				for len(lost.Addrs) > 1 { // deprecated, but there
					lost = <-changes
				}
				if len(lost.Addrs) != 1 || len(lost.DNS) != 0 {
					t.Errorf("without the lease there is %v", lost)
				}
				if late := time.Since(asked) - tc.after; late > time.Second {
					t.Errorf("%v too late", late)
				}
			})
		})
	}
}
