// SPDX-License-Identifier: Apache-2.0

// Package tapbridge is the host's end of the tunnel: a TAP device, and the bridge
// that moves Ethernet frames between it and a link, which is a session with a
// SoftEther server or anything else that takes a batch of frames.
//
//	          +-- Port (DHCP, router discovery: hosts inside this process)
//	          |
//	TAP -- Bridge -- Link (protocol.Session)
//
// The TAP outlives the link. [Bridge.SetLink] plugs a link in and pulls it out while the device, its address
// and its routes stay; with none plugged in, frames from the host are dropped, as on a cable that is not
// connected.
//
// The path of a frame in either direction is described in send.go and receive.go. Nothing is allocated along
// it, and at most one lock is taken per batch of frames.
//
// What a network card does for a kernel that exchanges superframes of 64 KiB with it is in package offload;
// tapbridgetest has a device in memory for tests.
package tapbridge
