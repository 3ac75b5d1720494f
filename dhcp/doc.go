// SPDX-License-Identifier: Apache-2.0

// Package dhcp is a DHCPv4 client that lives inside the process: it exchanges whole Ethernet frames through a
// [Port] and configures nothing. What a server leases to it is returned as a [Lease], checked, for the caller
// to apply.
//
//	c := dhcp.New(port, dhcp.Config{MAC: mac})
//	lease, err := c.Acquire(ctx, netip.Addr{})
//	err = c.Maintain(ctx, lease, func(l *dhcp.Lease) { ... })
//
// # Who may answer
//
// Every machine on the virtual hub can answer a DISCOVER, so no answer is trusted further than necessary: an
// exchange is bound to a random transaction ID, the client's own MAC and, from the first good OFFER on, to
// one server; what that server says is bounded and checked before it becomes a Lease (see [LeaseError]).
//
// # Unicast or broadcast
//
// The client sees every frame for its MAC whether or not an address is configured, so it does not need the
// broadcast flag (RFC 2131 4.1): unicast answers spare the hub's broadcast limiter (32 a second, Cedar/Hub.c)
// and the other members. But a server or relay that cannot send to an address nobody has yet would stay
// silent, so the flag is set from the third transmission on. SoftEther's SecureNAT broadcasts its answers
// either way.
//
// # What is left to others
//
// The kernel announces and defends an address that is in use; [Rivals] reports other hosts that claim it.
// Nothing is given back unless [Client.Release] is called: the address is asked for again next time, and
// servers keep it for its owner.
package dhcp
