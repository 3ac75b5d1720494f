// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"net/netip"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"network-manager-softether/profile"
)

// The connection that holds the rules.
const (
	UUID = "5e0f7e71-57b1-4c7e-9a5e-5345b10c4ed0"
	Name = "SoftEther strict mode"
)

// Priorities of the rules: before the kernel's own at 32766.
const (
	prioServer = 30990 // packets to VPN servers
	prioLease  = 30991 // to the local network's DHCP server
	prioVPN    = 30992 // networks in the VPN, before those of the local network
	prioLAN    = 30993
	prioData   = 30994 // everything that carries data
	prioNoData = 30995 // what carries data and has no route in the VPN
	prioKernel = 30996 // what the kernel itself wants to know
	prioAll    = 30997
	prioEnd    = 30998
)

// carriers are the IPv4 protocols in which data can leave: those that anybody can use, and those of tunnels
// and raw sockets, which need root. Without a protocol, the kernel looks up a route when it checks a route's
// gateway or answers ARP: it has to see the local network then, or no network could be joined.
var carriers = []byte{
	unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_ICMP, unix.IPPROTO_UDPLITE, unix.IPPROTO_SCTP, unix.IPPROTO_DCCP,
	unix.IPPROTO_IGMP, unix.IPPROTO_IPIP, unix.IPPROTO_IPV6, unix.IPPROTO_GRE, unix.IPPROTO_ESP, unix.IPPROTO_AH,
	unix.IPPROTO_COMP, unix.IPPROTO_PIM, unix.IPPROTO_L2TP, unix.IPPROTO_RAW,
}

// unreachable is the action of a rule that answers "No route to host" (FR_ACT_UNREACHABLE of linux/fib_rules.h).
const unreachable = byte(7)

// private are the addresses of local networks; public ones that a local network claims to have are not among
// them.
var private = map[int][]netip.Prefix{
	unix.AF_INET: {
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("169.254.0.0/16"),
	},
	unix.AF_INET6: {netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10")},
}

// connection returns the connection that holds the rules of all Locks.
func connection(l Locks) Settings {
	s := Settings{
		"connection": {
			"id":                   dbus.MakeVariant(Name),
			"uuid":                 dbus.MakeVariant(UUID),
			"type":                 dbus.MakeVariant("loopback"),
			"interface-name":       dbus.MakeVariant("lo"),
			"autoconnect":          dbus.MakeVariant(true),
			"autoconnect-priority": dbus.MakeVariant(int32(999)), // before any other connection of the loopback device
		},
		"loopback": {},
		"user":     {"data": dbus.MakeVariant(l.data())},
	}
	for name, family := range map[string]int{"ipv4": unix.AF_INET, "ipv6": unix.AF_INET6} {
		s[name] = map[string]dbus.Variant{"method": dbus.MakeVariant("auto"), "routing-rules": dbus.MakeVariant(rules(l, family))}
	}
	return s
}

// rules returns those of one family.
func rules(l Locks, family int) []map[string]dbus.Variant {
	var list []map[string]dbus.Variant
	rule := func(priority, table int, more ...any) { // table 0: none, the packet is refused
		r := map[string]dbus.Variant{"family": dbus.MakeVariant(int32(family)), "priority": dbus.MakeVariant(uint32(priority))}
		if table == 0 {
			r["action"] = dbus.MakeVariant(unreachable)
		} else {
			r["table"] = dbus.MakeVariant(uint32(table))
		}
		for i := 0; i < len(more); i += 2 {
			r[more[i].(string)] = dbus.MakeVariant(more[i+1])
		}
		list = append(list, r)
	}
	for _, a := range l.servers() {
		if a.Is4() == (family == unix.AF_INET) {
			rule(prioServer, unix.RT_TABLE_MAIN, "to", a.String(), "to-len", byte(a.BitLen()))
		}
	}
	// A lease is renewed by unicast, from a port that only root can have.
	client, server := uint16(68), uint16(67)
	if family == unix.AF_INET6 {
		client, server = 546, 547
	}
	rule(prioLease, unix.RT_TABLE_MAIN, "ipproto", byte(unix.IPPROTO_UDP),
		"sport-start", client, "sport-end", client, "dport-start", server, "dport-end", server)
	if l.LAN() {
		rule(prioVPN, profile.StrictTable, "suppress-prefixlength", int32(0))
		for _, p := range private[family] {
			rule(prioLAN, unix.RT_TABLE_MAIN, "to", p.Addr().String(), "to-len", byte(p.Bits()), "suppress-prefixlength", int32(0))
		}
	}
	if family == unix.AF_INET {
		for _, p := range carriers {
			rule(prioData, profile.StrictTable, "ipproto", p)
			rule(prioNoData, 0, "ipproto", p)
		}
		rule(prioKernel, unix.RT_TABLE_MAIN, "suppress-prefixlength", int32(0))
	}
	rule(prioAll, profile.StrictTable)
	rule(prioEnd, 0)
	return list
}
