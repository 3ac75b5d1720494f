// SPDX-License-Identifier: Apache-2.0

// Package udpaccel is SoftEther's UDP acceleration: a second way for the frames of a
// session whose control connection is TCP (softether-protocol.md 10).
//
// # Parts
//
//	negotiate.go  offer in the login, grant in the welcome
//	packet.go     the header inside a packet, and its sizes
//	cipher.go     version 2 (ChaCha20-Poly1305), version 1 (RC4 and SHA-1)
//	replay.go     packets that were seen before
//	health.go     whether the path is usable, by what was heard on it
//	engine.go     all of that together: a packet in or out, no clock and no socket
//	group.go      packets of one size, for the kernel to send as one
//	fit.go        how long packets a path carries
//	path.go       an Engine with a socket, a clock and goroutines
//	outward.go    its sending side: frames, keep-alives, probes
//	inward.go     its receiving side
//	socket.go     what it asks of the kernel
//
// # Where it differs from the original client
//
// Packets that were seen before, or are too old to tell, are refused (replay.go). The original accepts a
// repeated packet for 30 s.
//
// The far end is always the address of the TCP connection; only its port may change. The original also tries
// the address that the server believes it has, which may lie inside the tunnel, so that the path would carry
// itself.
//
// A path may be idle ([Path.SetActive]). It then tells the peer that it hears nothing, which keeps the peer's
// frames on TCP: a server that has granted UDP would otherwise use it. The peer still shows that it hears us,
// so the path is known to work.
//
// The helper servers on the Internet that tell a client its public port are never asked. What a server has
// learned from them about its own port is used ([NATTPort]).
//
// A path carries no frames until it is known how long the packets are that arrive over it (fit.go). The
// original keeps losing the long ones for as long as the short ones arrive.
//
// A path that carries frames is silent for at most a second before [Path.Usable] reports false; the original
// waits 2.1 s, or 9 s, and 30 s where only one direction has died.
package udpaccel
