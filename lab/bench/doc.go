// SPDX-License-Identifier: Apache-2.0

// Command bench measures this project's client against the official one, Debian's softether-vpnclient, in one run, on
// one network, against the same softether-vpnserver. `make bench` runs it; it prints a table and writes it as JSON and
// as an SVG chart.
//
// The comparison is meant to be fair. Both clients have a cable of their own to the same Internet, log in as the same
// user to the same hub with the same settings, and speak the cipher that the server chooses; they run one after the
// other, never together, and who goes first alternates from round to round. Each is freshly connected and warmed up in
// every round. Ours is connected by NetworkManager, the official one by vpncmd, as their users do. What is printed are
// medians over the rounds; the JSON has every value.
//
// What grows with the load is measured as it grows: 1, 8 and 32 TCP connections, 1 and 100 TCP flows, and datagrams
// of 64 to 1400 bytes in 1, 100 and 10,000 flows, at the highest rate that loses less than 1 %. A second lab has a line
// that loses 1 % of the packets and delays the others (netns.Line).
//
// "No VPN" is bare TCP over the same cable, with the same pings meanwhile. A ping over it is answered by the kernel
// without any process, so that it says little about a machine without idle processors; "a program in the way" is the
// same through a simple relay, whose waiting for a processor every VPN has, too.
//
// Of an idle round trip the kernel's time stamps on TAP and wire say how much is the client's part. It is measured twice,
// as it is and with processors kept awake: on a virtual machine most of it is waking up.
//
// What a person waits for, a connection and what the settings library adds to a run of nmcli, is measured beside the
// same without us: the time of another computer says nothing, the ratio does.
//
// All TCP, within the tunnel and without, uses what this computer does by default; one of the ways of connecting is
// measured with CUBIC. With -soak, our client is kept busy for as long as one likes, and its memory watched.
//
// Two things to know when reading the numbers. Both ends of the tunnel, the server, and both iperf3 share the
// machine's processors, so a frugal client also leaves more of them to the server: throughput here is that of the
// whole, and the client's own cost is the CPU time per GB. And CPU time is what the kernel puts to the account of the
// client's processes; work that it does in softirqs, like moving packets from a veth into a socket, is in nobody's.
package main
