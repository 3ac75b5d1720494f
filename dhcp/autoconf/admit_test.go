// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/packet"
)

func TestLateRoutersAreNotTakenWhileOneOfTheFirstIsThere(t *testing.T) {
	late, twin := netip.MustParseAddr("fe80::bad"), netip.MustParseAddr("fe80::2")
	rogue := packet.MAC{2, 0, 0, 0, 0, 1}
	var log bytes.Buffer
	c := New(nil, Config{MAC: clientMAC.HardwareAddr(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	start := time.Unix(1e9, 0)
	says := func(after time.Duration, router netip.Addr, mac packet.MAC, life time.Duration) {
		t.Helper()
		f := advertFrame(t, router, ndp.RouterAdvertisement{RouterLifetime: life, RouterSelectionPreference: ndp.High, Options: []ndp.Option{
			&ndp.PrefixInformation{
				PrefixLength: 64, OnLink: true, AutonomousAddressConfiguration: true, ValidLifetime: 24 * time.Hour,
				PreferredLifetime: time.Hour, Prefix: prefix.Addr(),
			},
		}})
		copy(f[6:], mac[:])
		c.receive(f, start.Add(after))
	}
	wants := func(after time.Duration, router netip.Addr, word string) {
		t.Helper()
		if got := c.config(start.Add(after)).Router; got != router {
			t.Errorf("after %v the router is %v, want %v", after, got, router)
		}
		if said := log.String(); (word == "") != (said == "") || !strings.Contains(said, word) {
			t.Errorf("after %v the log says %q, want %q", after, said, word)
		}
		log.Reset()
	}
	says(0, routerLL, routerMAC, time.Hour)
	says(time.Second, twin, routerMAC, time.Hour)
	wants(time.Second, routerLL, "")
	says(time.Minute, late, rogue, time.Hour)
	wants(time.Minute, routerLL, "mac=02:00:00:00:00:01")
	says(time.Minute, routerLL, rogue, 0) // in the first one's name: it is not dismissed
	wants(time.Minute, routerLL, "")      // a warning a minute
	says(3*time.Minute, routerLL, rogue, 0)
	wants(3*time.Minute, routerLL, "ignored")
	says(4*time.Minute, routerLL, routerMAC, 0) // it goes itself
	wants(4*time.Minute, twin, "")
	says(5*time.Minute, twin, routerMAC, 0)
	says(6*time.Minute, late, rogue, time.Hour)
	wants(6*time.Minute, late, "takes the place")
	says(7*time.Minute, twin, routerMAC, time.Hour)
	wants(7*time.Minute, late, "ignored")
}

func TestARouterIsNoDefaultRouterLater(t *testing.T) {
	c := New(nil, Config{MAC: clientMAC.HardwareAddr()})
	start := time.Unix(1e9, 0)
	c.receive(advertFrame(t, routerLL, ndp.RouterAdvertisement{Options: []ndp.Option{
		&ndp.PrefixInformation{PrefixLength: 64, OnLink: true, AutonomousAddressConfiguration: true, ValidLifetime: time.Hour, PreferredLifetime: time.Hour, Prefix: prefix.Addr()},
	}}), start)
	c.receive(advertFrame(t, netip.MustParseAddr("fe80::bad"), ndp.RouterAdvertisement{RouterLifetime: time.Hour}), start.Add(time.Minute))
	if cfg := c.config(start.Add(time.Minute)); cfg.Router.IsValid() || !cfg.Addr.IsValid() {
		t.Errorf("a network without a default router got one: %v", cfg)
	}
}
