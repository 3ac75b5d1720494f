// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/porttest"
	"network-manager-softether/internal/bubbletest"
)

func TestWhatTheServerIsTold(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg  Config
		want map[uint8]string // "" : not sent
	}{
		"by default":   {Config{}, map[uint8]string{12: "", 60: "", 81: "", 61: "\x01" + string(clientMAC[:])}},
		"name":         {Config{Hostname: "laptop"}, map[uint8]string{12: "laptop", 81: ""}},
		"whole name":   {Config{Hostname: "laptop", FQDN: "laptop.corp.example"}, map[uint8]string{12: "", 81: "\x05\x00\x00\x06laptop\x04corp\x07example\x00"}},
		"part of one":  {Config{FQDN: "laptop"}, map[uint8]string{81: "\x05\x00\x00\x06laptop"}},
		"class and id": {Config{VendorClass: "MSFT 5.0", ClientID: []byte("\x00joe")}, map[uint8]string{60: "MSFT 5.0", 61: "\x00joe"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				s := &server{t: t, port: porttest.New()}
				tc.cfg.MAC = clientMAC.HardwareAddr()
				acquire(New(s.port, tc.cfg), t.Context(), netip.Addr{})
				d := s.expect(dhcpv4.MessageTypeDiscover)
				for code, want := range tc.want {
					if got := string(d.Options[code]); got != want {
						t.Errorf("option %d is %q, want %q", code, got, want)
					}
				}
				s.port.Close()
			})
		})
	}
}

func TestServersThatAreNotListenedTo(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		s := &server{t: t, port: porttest.New()}
		c := New(s.port, Config{MAC: clientMAC.HardwareAddr(), Reject: []netip.Prefix{netip.MustParsePrefix("192.168.30.64/26")}})
		done := acquire(c, t.Context(), netip.Addr{})
		d := s.expect(dhcpv4.MessageTypeDiscover)
		rogue := with(optServerID, netip.MustParseAddr("192.168.30.66").AsSlice())
		s.reply(d, dhcpv4.MessageTypeOffer, rogue)
		s.reply(d, dhcpv4.MessageTypeOffer)
		r := s.expect(dhcpv4.MessageTypeRequest)
		if diff := cmp.Diff(serverIP.AsSlice(), r.Options[optServerID]); diff != "" {
			t.Errorf("asks the wrong server (-want +got)\n%s", diff)
		}
		s.reply(r, dhcpv4.MessageTypeAck)
		if got := <-done; got.err != nil || got.lease.Server != serverIP {
			t.Errorf("%v, %v", got.lease, got.err)
		}
	})
}
