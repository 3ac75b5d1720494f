// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

// A hub's default policies restrict nobody.
func TestOrdinaryPoliciesAreNotMentioned(t *testing.T) {
	info := protocol.Info{MaxConnections: 1, Message: "Welcome", Policy: protocol.Policy{
		Access: true, MaxConnection: 32,
		DHCPForce: true, NoBridge: true, NoRouting: true, CheckMAC: true, CheckIP: true, DHCPNoServer: true, MonitorPort: true,
	}}
	p := &profile.Profile{MaxConnections: 1, IPv4: profile.Addressing{Auto: true}, IPv6: profile.Addressing{Auto: true}}
	if got := banner(info, p, nil); got != "Welcome" {
		t.Errorf("banner %q, want the hub's message alone", got)
	}
}

func TestPoliciesAreMentionedWhereTheyBite(t *testing.T) {
	auto, manual, off := profile.Addressing{Auto: true}, profile.Addressing{}, profile.Addressing{Disabled: true}
	for _, tt := range []struct {
		policy protocol.Policy
		info   protocol.Info
		p      profile.Profile
		want   string // in the one line, "" for none
	}{
		{protocol.Policy{DHCPForce: true}, protocol.Info{}, profile.Profile{IPv4: manual, IPv6: off}, "Only addresses assigned by DHCP may send"},
		{protocol.Policy{DHCPForce: true}, protocol.Info{}, profile.Profile{IPv4: off, IPv6: auto}, ""},
		{protocol.Policy{DHCPFilter: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "blocks DHCP"},
		{protocol.Policy{DHCPFilter: true}, protocol.Info{}, profile.Profile{IPv4: manual, IPv6: off}, ""},
		{protocol.Policy{FilterIPv4: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "no IPv4"},
		{protocol.Policy{FilterIPv6: true, RSAndRAFilter: true, DHCPv6Filter: true}, protocol.Info{}, profile.Profile{IPv4: off, IPv6: auto}, "no IPv6"},
		{protocol.Policy{FilterIPv6: true, NoServerV6: true, CheckIPv6: true}, protocol.Info{}, profile.Profile{IPv4: off, IPv6: off}, ""},
		{protocol.Policy{RSAndRAFilter: true}, protocol.Info{}, profile.Profile{IPv4: off, IPv6: auto}, "router advertisements"},
		{protocol.Policy{CheckIP: true}, protocol.Info{}, profile.Profile{IPv4: manual, IPv6: off}, "CheckIP"},
		{protocol.Policy{NoServer: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "Nobody can connect"},
		{protocol.Policy{PrivacyFilter: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "Other users"},
		{protocol.Policy{ARPDHCPOnly: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "Broadcasts"},
		{protocol.Policy{NoSavePassword: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off, Password: "x"}, "password-flags=2"},
		{protocol.Policy{NoSavePassword: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off, Password: "x", Flags: profile.Flags{Password: profile.NotSaved}}, ""},
		{protocol.Policy{NoSavePassword: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, ""},
		{protocol.Policy{MaxUpload: 2_500_000}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "limited to 2.5 Mbit/s"},
		{protocol.Policy{MaxDownload: 64_000}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "limited to 64 kbit/s"},
		{protocol.Policy{MaxDownload: 999}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "limited to 999 bit/s"},
		{protocol.Policy{AutoDisconnect: time.Hour}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off}, "ends after 1h0m0s"},
		{protocol.Policy{MonitorPort: true}, protocol.Info{}, profile.Profile{IPv4: off, IPv6: off, MonitorMode: true}, "can send nothing"},
		{protocol.Policy{NoBridge: true}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off, BridgeMode: true}, "NoBridge"},
		{protocol.Policy{}, protocol.Info{MaxConnections: 3}, profile.Profile{IPv4: auto, IPv6: off, MaxConnections: 8}, "grants 3 of the 8"},
		{protocol.Policy{}, protocol.Info{}, profile.Profile{IPv4: auto, IPv6: off, Compression: true}, "no compression"},
		{protocol.Policy{}, protocol.Info{Compression: true}, profile.Profile{IPv4: auto, IPv6: off, Compression: true}, ""},
	} {
		tt.info.Policy = tt.policy
		got := limits(tt.info, &tt.p)
		switch {
		case tt.want == "" && len(got) > 0, tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
			t.Errorf("%+v: %q, want %q", tt.policy, got, tt.want)
		}
	}
}
