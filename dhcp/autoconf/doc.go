// SPDX-License-Identifier: Apache-2.0

// Package autoconf configures IPv6 for a host that lives inside the process: it solicits routers, forms
// addresses from the prefixes they advertise (SLAAC, RFC 4862) and asks DHCPv6 where they say so (RFC 8415).
// Like package dhcp it exchanges whole Ethernet frames through a port and configures nothing itself.
// NetworkManager does none of this on a VPN's device, and the network's advertisements must be kept from the
// kernel there, since nobody would tell NetworkManager what it learned.
//
// # Addresses
//
// The interface identifier is the modified EUI-64 of the MAC (RFC 4291 appendix A), not a stable opaque one
// (RFC 7217): the MAC of a profile is made up and belongs to it alone, so there is no hardware to hide and
// nothing to track from network to network; the kernel's link-local address on a TAP has the same identifier;
// and hubs that limit addresses per session see as few as possible.
//
// NetworkManager accepts one address, and no lifetime. So a kernel may form the addresses of prefixes in the
// client's place, each with its lifetimes: see [Maker]. Duplicate address detection is the kernel's.
//
// # What the kernel must do
//
// Routers and DHCPv6 servers send their answers to the link-local address, and resolve it by neighbour
// solicitation. The kernel answers that once the TAP is up and its link-local address is past duplicate
// detection, which package tapbridge takes care of. Until then, a router still learns the MAC from our
// solicitation; a DHCPv6 server on another machine does not, and its answer is delayed by one retransmission.
//
// # Order
//
// Several routers: the highest preference (RFC 4191), then the one heard first; addresses in other routers'
// prefixes count as deprecated (RFC 8028). Several addresses: those not deprecated first, then global before
// unique local, then DHCPv6 before SLAAC. DNS servers from DHCPv6 come before those of routers (RFC 8106
// 5.3.1).
//
// # What is left out
//
// Prefix delegation, DHCPv6 RELEASE, CONFIRM (a new Acquire solicits with the old address as a hint),
// authentication of DHCPv6, and secure neighbour discovery. The delays of one second that RFC 4861 6.3.7 and
// RFC 8415 18.2.1 require before the first message, against storms after a power failure, are not kept: a
// login comes first.
package autoconf
