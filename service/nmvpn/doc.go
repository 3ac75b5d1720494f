// SPDX-License-Identifier: Apache-2.0

// Package nmvpn is NetworkManager's side of a VPN plugin: the D-Bus object
// /org/freedesktop/NetworkManager/VPN/Plugin with its methods, signals, error names
// and configuration dictionaries, as libnm's NMVpnServicePlugin has them.
//
// It knows nothing of SoftEther. [Serve] exports the object and takes the bus name;
// method calls go to a [Handler], and the [Plugin] sends the signals. NetworkManager
// drops a signal whose signature differs in one byte without a word, so every
// signature is held by a test against a real dbus-daemon.
//
// The contract is described in docs/networkmanager.md, sections 2 and 4.
package nmvpn
