// SPDX-License-Identifier: Apache-2.0

package rudp

import "errors"

var (
	// ErrNotIPv4 means that R-UDP has no IPv6.
	ErrNotIPv4 = errors.New("only IPv4 addresses can be reached this way")
	// ErrNoAnswer means that the server does not offer this way, or a firewall has closed it.
	ErrNoAnswer = errors.New("no answer")
	// ErrNoPrivilege means that the raw socket which ICMP needs was refused.
	ErrNoPrivilege = errors.New("raw sockets need CAP_NET_RAW")
	// ErrNoRendezvous means that without an answer there is no way to a server behind a NAT.
	ErrNoRendezvous = errors.New("the rendezvous server for NAT traversal does not answer")
	// ErrServerUnknown means that the server is off, or has NAT traversal switched off.
	ErrServerUnknown = errors.New("the rendezvous server knows no SoftEther server at this address")
	// ErrManyServers means that several servers share the address.
	ErrManyServers = errors.New("several SoftEther servers share this address: name the wanted one's computer behind a slash, as in gateway=host/computer")
)
