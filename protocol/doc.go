// SPDX-License-Identifier: Apache-2.0

// Package protocol is a client of the SoftEther VPN protocol: it logs in to a
// Virtual Hub and gives a [Session] that carries whole Ethernet frames.
//
// # From address to session
//
// [Dial] goes through these steps, each with a deadline of its own (limits.go):
//
//	resolve   name to addresses; the last good answer is kept    resolve.go
//	connect   addresses raced, RFC 8305                          race.go
//	proxy     asked for the server, if there is one              viaproxy.go
//	TLS       1.2 or 1.3; the certificate is judged here         greet.go, trust.go
//	hello     signature, then the server's challenge             greet.go, http.go
//	login     password hash, plain password, certificate         login.go, usercert.go
//	redirect  a cluster sends us to one of its members           redirect.go
//	welcome   names, key, time-out, policies                     welcome.go, policy.go
//
// No secret leaves before the certificate is accepted: it is judged inside the
// TLS handshake, by [Trust].
//
// # The session
//
// A session is a set of connections (package internal/datapath) and a goroutine that looks after them
// (supervise.go): it opens those that are missing, one per interval, and replaces lost and old ones
// (keeper.go). When the last connection is lost, the session is detached: frames to send are dropped, and a
// new connection is attached with the session's key (attach.go) while the server still remembers it
// (reattach.go). If that fails, the session is over, and it takes a new [Dial] to go on.
//
// Frames to the server arrive as a [frame.Batch], which already has the layout of a data-phase message, and
// go to TLS in one write. Frames from the server are cut out of the read buffer in place and passed on as
// views. With compression, each frame is a zlib stream of its own (package zblock). Neither direction
// allocates.
//
// With [Config.UDP], frames also travel over UDP, in both directions, while that is the better way (udp.go,
// udpauto.go; package udpaccel). The TCP connections stay, with keep-alives, and take over within a second.
//
// Over R-UDP, which stands in for TCP where the network lets no TCP through, frames travel in datagrams
// beside the stream (bulk.go; package rudp/bulk).
//
// # Errors
//
// Every error is an [*Error] that names the step and the address. It wraps a [*ServerError] (the server said
// no), a [*CertificateError] (the server is not trusted), one of the sentinels such as [ErrNotSoftEther], or
// an error of the network. [Hint] says what a person can do about it.
package protocol
