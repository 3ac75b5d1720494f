// SPDX-License-Identifier: Apache-2.0

// Package nmvpn is the plugin's side of NetworkManager's VPN interface: the D-Bus object
// /org/freedesktop/NetworkManager/VPN/Plugin with its methods, signals, error names and configuration
// dictionaries, as in libnm's NMVpnServicePlugin.
//
// It knows nothing about SoftEther. [Serve] exports the object and takes the bus name; method calls go to a
// [Handler], and the [Plugin] sends the signals. NetworkManager silently drops a signal whose signature
// differs in a single byte, so a test against a real dbus-daemon checks every signature.
//
// The contract is described in docs/networkmanager.md, sections 2 and 4.
package nmvpn
