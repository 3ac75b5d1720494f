// SPDX-License-Identifier: Apache-2.0

// Package guard blocks all traffic outside SoftEther VPNs with NetworkManager's own routing rules.
//
// The traffic is held by rules of the kernel, which NetworkManager sets up from a separate connection on the
// loopback device (rules.go): it is there whatever the network, and does not depend on a running service or
// tunnel. The known networks have the same rules (networks.go), as one of them may come up first when the
// computer starts. The rules send everything to a routing table that contains only the routes of the VPN, and
// anything without a route there nowhere; only packets to the VPN server's addresses are looked up in the
// ordinary table. So routes that a DHCP server on the local network hands out, however narrow, and networks
// that it pretends to be, however public, are not even considered.
//
// The server's name is resolved once, when strict mode is turned on, and its addresses are kept in the VPN's
// profile, so that nobody can lie about them later. The name of another server is resolved once as well,
// through a hole if there is no VPN (ask.go).
//
// The package runs as the person, in nm-softether-strict and in nm-softether-notify, never in the service,
// and needs no privilege of its own: NetworkManager decides who may change connections.
package guard
