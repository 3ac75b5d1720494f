// SPDX-License-Identifier: Apache-2.0

// Nm-softether-service is the NetworkManager VPN service for SoftEther: one process
// per connection, started by NetworkManager as root.
//
// The libraries meet here: protocol logs in to the server, tapbridge carries frames between the session and a
// TAP device, dhcp gets the lease through the tunnel, and nmvpn tells NetworkManager, which alone configures
// the system.
//
// What the tunnel's own packets travel over changes below it: ground.go judges what the kernel says about it,
// roam.go acts on that, walk.go moves a working session to a better base, path.go binds every socket to the
// chosen one.
//
// One goroutine, the loop of a connection, owns all state (connection.go). Whatever happens elsewhere (a
// D-Bus call, the end of an attempt, a lost session, a renewed lease, a signal) is a message to it. phase.go
// has the states and the transitions between them.
package main
