// SPDX-License-Identifier: Apache-2.0

// Package tapbridge is the host's end of the tunnel: a TAP device, and the bridge
// that moves Ethernet frames between it and a link, which is a session with a
// SoftEther server or anything else that takes a batch of frames.
//
//	          +-- Port (DHCP, router discovery: hosts inside this process)
//	          |
//	TAP -- Bridge -- Link (protocol.Session)
//
// The TAP outlives the link. [Bridge.SetLink] plugs a link in and pulls it out
// while the device, its address and its routes stay; with none plugged in, frames
// from the host are dropped, as on a cable that leads nowhere.
//
// The way of a frame in either direction is told in send.go and receive.go. On it
// nothing is allocated, and at most one lock is taken for a batch of frames.
//
// The work of a network card that lets the kernel hand over and take superframes of
// 64 KiB is in the offload package; tapbridgetest has a device in memory for tests.
package tapbridge
