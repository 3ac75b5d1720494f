// SPDX-License-Identifier: Apache-2.0

// Package desktop is the computer of the person who uses the VPN: NetworkManager, D-Bus, journald, polkit and
// whatever else Debian has there, with the plugin under test, and a GNOME session if a test asks for it
// ([Desktop.StartShell]).
//
// It is a Debian in the state after installation; stock.go lists what is different, and why. It knows the
// addresses of the lab (package plan) and nothing about the servers.
package desktop
