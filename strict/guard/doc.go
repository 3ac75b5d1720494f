// SPDX-License-Identifier: Apache-2.0

// Package guard blocks all traffic outside of SoftEther VPNs by routing rules of NetworkManager's own.
//
// What holds the traffic are rules of the kernel, which NetworkManager sets up from a connection of its own on the loopback
// device (rules.go): it is there whichever network is, and it does not care whether a service or a tunnel lives. The
// networks that are known have the same rules (networks.go), as one of them may come up first when the computer starts.
// The rules send everything to a routing table that holds the routes of the VPN alone, and what has none there nowhere;
// only what goes to the VPN server's addresses is looked up in the ordinary table. So routes that a DHCP server on the
// local network hands out, however narrow, and networks that it pretends to be, however public, are not even looked at.
//
// The server's name is looked up once, when strict mode is turned on, and its addresses are kept in the VPN's profile, so
// that nobody can lie later. Another server's name is looked up once as well, if there is no VPN by a hole (ask.go).
//
// It runs as the person, in nm-softether-strict and in nm-softether-notify, never in the service, and needs no privilege
// of its own: NetworkManager decides who may change connections.
package guard
