// SPDX-License-Identifier: Apache-2.0

// Package softethertest is a small SoftEther VPN server for tests, what
// net/http/httptest is to net/http: it listens on a loopback port, knows hubs and
// users, and carries frames once a client has logged in.
//
//	srv := softethertest.NewServer(softethertest.WithHandler(softethertest.Echo))
//	defer srv.Close()
//	... dial srv.Addr(), hub "TEST", user "alice", password "secret1"
//	sess, err := srv.Session(ctx)
//
// It behaves as version 5.01.9674 does (softether-protocol.md 3 to 9), strict
// where that is strict; [As502] switches to the manners of 5.02. Options describe
// it, and [Server.Set] changes them while it runs. A [Fault] makes it misbehave at
// one [Step]: hang up, keep silent, send garbage, lie about lengths. What clients
// did is kept in [Server.Records]. [WithUDP] grants UDP acceleration, with or without an
// attacker on the way.
//
// In a session, a handler reads and writes batches of frames without allocating;
// [Sink], [Source] and [Echo] are ready-made, and [DHCP] hands out a lease.
//
// Not there: R-UDP (package rudptest has it), clear-text tunnels, and the rules of a
// hub about frames (one session never hears another).
//
// All methods are safe for concurrent use. Functions panic where a test could do
// nothing but fail, as those of httptest do.
package softethertest
