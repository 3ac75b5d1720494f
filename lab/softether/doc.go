// SPDX-License-Identifier: Apache-2.0

// Package softether runs SoftEther's own programs: the VPN server, with its hubs, users and certificates and
// FreeRADIUS behind it, a cluster of servers, and the official client to measure ours against.
//
// SOFTETHER=directory replaces Debian's server with another build, such as 5.02 or 4.44 built from source.
package softether
