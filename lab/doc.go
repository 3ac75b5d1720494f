// SPDX-License-Identifier: Apache-2.0

// Package lab is a whole test network inside one process: a desktop with a real NetworkManager, the Internet, and an
// office behind a real softether-vpnserver. The demo, the end-to-end tests, the storm and the benchmarks stand
// on it.
//
// Nothing of the machine is touched and nothing is left behind. The program calls [netns.Main] first; Main starts the
// program again as process 1 of its own process, mount, network, IPC and host name namespaces. Everything the lab
// makes (processes, interfaces, mounts, files) lives in those namespaces, so that when the program ends, in whatever
// way, the kernel takes all of it away. There is no clean-up code that could be missed.
//
// [Start] builds the network, a [Lab]:
//
//	desktop                        internet                              office
//	  NetworkManager, D-Bus          softether-vpnserver, DNS              dnsmasq, iperf3, HTTP
//	  base0 10.81.0.2  ------------  10.81.0.1                             eth0 10.20.0.1, fd20::1
//	  base1 10.82.0.2  ------------  10.82.0.1    br-office --------------   |
//	  se0 (the VPN)                  lo 203.0.113.10, 2001:db8:113::10     lo 10.30.0.1, 198.51.100.7
//
// What stands on these computers has packages of its own: [desktop.Desktop], [softether.Server] and [servers.Office] on
// hosts of package netns, with the addresses of package plan. This package has the cables, and what is done to them.
//
// The server has two hubs: SECURENAT (addresses and NAT from SoftEther itself) and OFFICE (bridged to the office,
// where dnsmasq hands out addresses, routes, domains and two DNS servers). 198.51.100.7 exists twice, on the Internet
// and in the office: who answers there shows which way the traffic went. Squid, Dante and FreeRADIUS run on the
// Internet, too, but only when a test asks for them: [servers.Proxies], [softether.Server.UseRADIUS].
//
// With Options.Impaired the first base connection leads through a [netns.Line], which delays, loses and reorders frames.
//
// A Lab may be used from several goroutines; the methods that change the network (stop the server, pull a cable)
// are meant for one test at a time. Starting other programs is allowed here and nowhere else in the project.
package lab
