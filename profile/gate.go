// SPDX-License-Identifier: Apache-2.0

package profile

// How every relay of VPN Gate is entered; the password is no secret.
//
// A connection to such a relay does without IPv6, as relays have none and the hub is full of strangers who could pretend
// to be a router; it is not made by itself; and its DNS servers answer before those of other connections.
const (
	GateHub      = "VPNGATE"
	GateUser     = "vpn"
	GatePassword = "vpn"

	// GateDNSPriority keeps names from being asked of others than the relay: a negative one excludes the other
	// connections (nm-settings(5), ipv4.dns-priority).
	GateDNSPriority = -50
)
