// SPDX-License-Identifier: Apache-2.0

// Package servers runs the servers of the lab that are not SoftEther's: the office's, where dnsmasq hands out addresses
// unless Kea, ISC dhcpd or udhcpd does, and the proxies of the Internet, Squid and Dante.
package servers
