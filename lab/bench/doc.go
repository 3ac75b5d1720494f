// SPDX-License-Identifier: Apache-2.0

// Command bench measures this project's client against the official one, Debian's softether-vpnclient, in one run, on
// one network, against the same softether-vpnserver. `make bench` runs it; it prints a table and writes it as JSON and
// as an SVG chart.
//
// The comparison is meant to be fair. Both clients have a cable of their own to the same Internet, log in as
// the same user to the same hub with the same settings, and use the cipher that the server chooses; they run
// one after the other, never together, and who goes first alternates from round to round. Each is freshly
// connected and warmed up in every round. Ours is connected by NetworkManager, the official one by vpncmd, as
// their users do it. The printed numbers are medians over the rounds; the JSON has every value.
//
// What grows with the load is measured as it grows: 1, 8 and 32 TCP connections, 1 and 100 TCP flows, and
// datagrams of 64 to 1400 bytes in 1, 100 and 10,000 flows, at the highest rate that loses less than 1 %. A
// second lab has a line that loses 1 % of the packets and delays the others (netns.Line).
//
// "No VPN" is bare TCP over the same cable, with the same pings meanwhile. The kernel answers such a ping
// without any process, so it says little about a machine without idle processors; "a program in the way" is
// the same through a simple relay, which has to wait for a processor as every VPN does.
//
// For an idle round trip, the kernel's time stamps on TAP and wire show how much of it is the client's share.
// It is measured twice, as it is and with processors kept awake: on a virtual machine most of it is waking
// up.
//
// What a person waits for, a connection and what the settings library adds to a run of nmcli, is measured
// next to the same without us: the time on another computer means nothing, the ratio does.
//
// All TCP, inside the tunnel and outside, uses this computer's default; one of the ways of connecting is
// measured with CUBIC. With -soak, our client is kept busy for any length of time, and its memory watched.
//
// Two things to know when reading the numbers. Both ends of the tunnel, the server, and both iperf3 share the
// machine's processors, so a frugal client also leaves more of them to the server: throughput here is that of
// the whole, and the client's own cost is the CPU time per GB. And CPU time is what the kernel charges to the
// client's processes; work done in softirqs, like moving packets from a veth into a socket, is charged to
// nobody.
package main
