// SPDX-License-Identifier: Apache-2.0

package profile

// How every VPN Gate relay is entered; the password is not a secret.
//
// A connection to such a relay blocks IPv6 (block-ipv6=yes), as relays have none and the hub is full of
// strangers who could pretend to be a router; and it is never activated automatically.
const (
	GateHub      = "VPNGATE"
	GateUser     = "vpn"
	GatePassword = "vpn"
)
