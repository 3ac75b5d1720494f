// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

// limits returns, in one sentence each, what the hub's policies and the kind of the session deny the user of
// p, as far as p shows that it would be missed: nobody asks an administrator about a policy that they cannot
// see (softether-protocol.md 13.3).
func limits(i protocol.Info, p *profile.Profile) []string {
	pol := i.Policy
	manual4 := !p.IPv4.Auto && !p.IPv4.Disabled
	manual6 := !p.IPv6.Auto && !p.IPv6.Disabled
	monitor := p.MonitorMode && pol.MonitorPort
	var said []string
	say := func(bites bool, format string, args ...any) {
		if bites {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}
	say(monitor, "This is a monitoring session: it receives every frame of the hub and can send nothing, not even a request for an address.")
	say(monitor && p.IPv4.Auto, "Set ipv4.method=disabled for it.")
	say(pol.DHCPForce && manual4, "Only addresses assigned by DHCP may send in this hub (policy DHCPForce): with ipv4.method=manual nothing will get through.")
	say(pol.DHCPFilter && p.IPv4.Auto, "This hub blocks DHCP (policy DHCPFilter): set an address by hand, ipv4.method=manual.")
	say(pol.FilterIPv4 && !p.IPv4.Disabled, "This hub carries no IPv4 (policy FilterIPv4).")
	say(pol.FilterIPv6 && !p.IPv6.Disabled, "This hub carries no IPv6 (policy FilterIPv6).")
	say(pol.RSAndRAFilter && p.IPv6.Auto && !pol.FilterIPv6, "This hub blocks IPv6 router advertisements (policy RSandRAFilter): there will be no automatic IPv6 address.")
	say(pol.DHCPv6Filter && p.IPv6.Auto && !pol.FilterIPv6 && !pol.RSAndRAFilter, "This hub blocks DHCPv6 (policy DHCPv6Filter).")
	say(pol.CheckIP && manual4, "An address in use by another session is blocked in this hub (policy CheckIP).")
	say(pol.CheckIPv6 && manual6 && !pol.FilterIPv6, "An IPv6 address in use by another session is blocked in this hub (policy CheckIPv6).")
	say(pol.PrivacyFilter, "Other users of this VPN cannot be reached (policy PrivacyFilter).")
	say(pol.NoServer, "Nobody can connect to this computer through the VPN over IPv4 (policy NoServer).")
	say(pol.NoServerV6 && !p.IPv6.Disabled && !pol.FilterIPv6, "Nobody can connect to this computer through the VPN over IPv6 (policy NoServerV6).")
	say(pol.ARPDHCPOnly, "Broadcasts other than ARP and DHCP are blocked (policy ArpDhcpOnly): devices in the network are not found by themselves.")
	say(p.BridgeMode && pol.NoBridge, "The hub forwards nothing for hosts behind this computer (policy NoBridge).")
	say(p.BridgeMode && pol.NoRouting, "The hub forwards no packets that this computer routes (policy NoRouting).")
	say(pol.NoSavePassword && p.Password != "" && p.Flags.Password&profile.NotSaved == 0,
		"Passwords of this hub are not to be stored (policy NoSavePassword): set password-flags=2 to be asked every time.")
	say(pol.MaxUpload > 0, "Upload is limited to %s (policy MaxUpload).", rate(pol.MaxUpload))
	say(pol.MaxDownload > 0, "Download is limited to %s (policy MaxDownload).", rate(pol.MaxDownload))
	say(pol.AutoDisconnect > 0, "The session ends after %v (policy AutoDisconnect).", pol.AutoDisconnect)
	say(i.MaxConnections < p.MaxConnections, "The server grants %d of the %d TCP connections asked for.", i.MaxConnections, p.MaxConnections)
	say(p.Compression && !i.Compression, "The server grants no compression.")
	say(p.HalfDuplex && !i.HalfDuplex, "The server grants no half-duplex connections.")
	return said
}

// rate formats bits per second the way people do.
func rate(bits uint32) string {
	switch {
	case bits >= 1_000_000:
		return fmt.Sprintf("%.4g Mbit/s", float64(bits)/1e6)
	case bits >= 1000:
		return fmt.Sprintf("%.4g kbit/s", float64(bits)/1e3)
	}
	return fmt.Sprintf("%d bit/s", bits)
}

// banner returns what the user is shown once the connection is up: what the hub has to say, what it denies
// the user, and what the judge has to tell them.
func banner(i protocol.Info, p *profile.Profile, notices []string) string {
	lines := append(limits(i, p), notices...)
	if i.Message != "" {
		lines = append([]string{i.Message}, lines...)
	}
	return strings.Join(lines, "\n")
}
