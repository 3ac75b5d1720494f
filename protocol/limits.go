// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"time"

	"network-manager-softether/protocol/internal/datapath"
)

// timing holds every wait of the package. Tests shorten it; users cannot.
type timing struct {
	// resolve bounds a name look-up. resolveCached bounds it when an earlier answer can stand in: a resolver
	// behind a dead tunnel never answers.
	resolve, resolveCached time.Duration
	// hedge is how long one of the two ways to an address, what is known of it and the question for it, has for
	// itself before the other one is taken as well. sure bounds the second chance of what is known.
	hedge, sure time.Duration
	// stagger is the pause before the next address is tried as well (RFC 8305 8: "Connection Attempt Delay";
	// the same as in SoftEther 5.02).
	stagger time.Duration
	// connect bounds the TCP connection to one address (softether-protocol.md 1).
	connect time.Duration
	// tls bounds the TLS handshake (softether-protocol.md 1).
	tls time.Duration
	// step bounds one HTTP request or answer (softether-protocol.md 1).
	step time.Duration
	// login bounds the wait for the answer to a login, and starts anew with each noop Pack: a server that
	// asks RADIUS may be waiting for somebody to press a button on a phone, and servers before 5.02 say
	// nothing meanwhile. loginTotal bounds all of it.
	login, loginTotal time.Duration
	// closing bounds a polite close. drain is the part of it spent waiting for the peer to close as well, so
	// that a reset does not overtake our close_notify.
	closing, drain time.Duration
	// timeoutMin and timeoutMax clamp the server's session time-out, and
	// timeoutDefault stands in for a missing one (softether-protocol.md 7.1).
	timeoutMin, timeoutMax, timeoutDefault time.Duration
	// reattachSpacing is the time between the starts of two attempts to re-attach: 5.02 counts connections
	// per address (softether-protocol.md 8.3).
	reattachSpacing time.Duration
	// reattachLocal takes its place where nothing has left for the server, as while a new router is asked for.
	reattachLocal time.Duration
	// reattachLife is how long a re-attached connection must live: servers built with OpenSSL 3 before
	// 2024-06 kill it within 0.26 s if the one before it ended without close_notify, and would do so again
	// (softether-protocol.md 8.6).
	reattachLife time.Duration
	// udpStable is how long UDP must work before it carries frames; 0 means the protocol's own 10 s.
	udpStable time.Duration
	// intervalMin is the time between the starts of two additional connections, for the same reason as
	// reattachSpacing. After a failure the pause doubles each time, up to attachPause; after an answer that
	// will not change soon, it is attachPause at once.
	intervalMin, attachPause time.Duration
	// silent is how long nothing may arrive while something is due before [Silent] is reported; silenceLook
	// is the time between two looks. listen asks the kernel.
	silent, silenceLook time.Duration
	listen              func(net.Conn) datapath.Hearing
	// flush bounds the wait for the queue of a connection that is to be closed.
	flush time.Duration
}

// defaultTiming is what every session outside the tests of this package uses.
var defaultTiming = timing{
	resolve:         10 * time.Second,
	resolveCached:   2 * time.Second,
	hedge:           300 * time.Millisecond,
	sure:            1500 * time.Millisecond,
	stagger:         250 * time.Millisecond,
	connect:         10 * time.Second,
	tls:             15 * time.Second,
	step:            15 * time.Second,
	login:           60 * time.Second,
	loginTotal:      2 * time.Minute,
	closing:         time.Second,
	drain:           300 * time.Millisecond,
	timeoutMin:      5 * time.Second,
	timeoutMax:      60 * time.Second,
	timeoutDefault:  20 * time.Second,
	reattachSpacing: time.Second,
	reattachLocal:   200 * time.Millisecond,
	reattachLife:    time.Second,
	intervalMin:     time.Second,
	attachPause:     time.Minute,
	flush:           time.Second,
	silent:          2 * time.Second,
	silenceLook:     500 * time.Millisecond,
	listen:          datapath.Listen,
}

// Lengths and counts. Each bounds what a hostile server can make this package keep or do.
const (
	maxAddresses   = 16      // addresses of one name that are tried
	maxTLSAttempts = 2       // addresses whose TLS handshake is tried
	maxRedirects   = 3       // a cluster needs one
	maxNoops       = 30      // softether-protocol.md 3.4
	maxHTTPLine    = 4096    // bytes of a status or header line, with its end
	maxHTTPHeaders = 128     // header lines
	maxBody        = 1 << 20 // bytes of a Pack; a real Welcome has about 3,000
	maxPorts       = 128     // ports in a redirect (softether-protocol.md 7.4)
	maxNameLen     = 255     // bytes of hub, user and plain password (softether-protocol.md 6.1)
	maxMessage     = 20000   // characters of Msg (softether-protocol.md 7.1)
	maxProduct     = 128     // characters of the server's product string and session names
)

const (
	keyLen    = 20 // session key, ticket, challenge
	signature = "VPNCONNECT"
)
