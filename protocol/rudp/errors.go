// SPDX-License-Identifier: Apache-2.0

package rudp

import "errors"

var (
	// ErrNotIPv4 means that R-UDP was asked for an IPv6 address.
	ErrNotIPv4 = errors.New("only IPv4 addresses can be reached this way")
	// ErrNoAnswer means that the server does not offer this way, or that a firewall blocks it.
	ErrNoAnswer = errors.New("no answer")
	// ErrNoPrivilege means that the raw socket which ICMP needs was refused.
	ErrNoPrivilege = errors.New("raw sockets need CAP_NET_RAW")
	// ErrNoRendezvous means that nobody could say how to reach a server behind a NAT.
	ErrNoRendezvous = errors.New("the rendezvous server for NAT traversal does not answer")
	// ErrServerUnknown means that the server is down, or has NAT traversal disabled.
	ErrServerUnknown = errors.New("the rendezvous server knows no SoftEther server at this address")
	// ErrManyServers means that several servers share the address.
	ErrManyServers = errors.New("several SoftEther servers share this address: name the wanted one's computer behind a slash, as in gateway=host/computer")
)
