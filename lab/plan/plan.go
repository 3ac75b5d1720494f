// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"net/netip"
	"strings"

	"network-manager-softether/protocol/rudp"
)

// The addresses of the lab. 203.0.113.0/24, 198.51.100.0/24 and 2001:db8::/32 are for documentation (RFC 5737, 3849).
var (
	ServerAddr    = netip.MustParseAddr("203.0.113.10")
	ServerAddr6   = netip.MustParseAddr("2001:db8:113::10")
	EverywhereWeb = netip.MustParseAddr("198.51.100.7") // on the Internet and in the office
	OfficeGateway = netip.MustParseAddr("10.20.0.1")
	OfficeDNS2    = netip.MustParseAddr("10.20.0.2")
	OfficeInner   = netip.MustParseAddr("10.30.0.1") // behind the office, reached by a pushed route
	OfficeNet     = netip.MustParsePrefix("10.20.0.0/24")
	OfficeNet6    = netip.MustParsePrefix("fd20::/64")
	InnerNet      = netip.MustParsePrefix("10.30.0.0/16")
	NATGateway    = netip.MustParseAddr("192.168.30.1") // SoftEther's SecureNAT
	NATNet        = netip.MustParsePrefix("192.168.30.0/24")
)

// The VPN server's names in the lab's DNS.
const (
	ServerName      = "vpn.lab.test"       // with an IPv4 and an IPv6 address
	ServerName4     = "vpn4.lab.test"      // only IPv4
	ServerName6     = "vpn6.lab.test"      // only IPv6
	MovedServerName = "vpn-moved.lab.test" // two of its three addresses lead nowhere
)

// A Base is one of the desktop's two connections to the Internet.
type Base struct {
	Device, Profile   string
	Address, Router   netip.Addr
	Address6, Router6 netip.Addr
	Far               string // the interface at the Internet's end
	V4Bits, V6Bits    int
}

// Bases are the desktop's two cables. Both are plugged in; NetworkManager uses the first until told otherwise.
var Bases = [2]Base{
	{
		Device: "base0", Profile: "base-a", Address: netip.MustParseAddr("10.81.0.2"), Router: netip.MustParseAddr("10.81.0.1"),
		Address6: netip.MustParseAddr("fd81::2"), Router6: netip.MustParseAddr("fd81::1"), Far: "wan0", V4Bits: 24, V6Bits: 64,
	},
	{
		Device: "base1", Profile: "base-b", Address: netip.MustParseAddr("10.82.0.2"), Router: netip.MustParseAddr("10.82.0.1"),
		Address6: netip.MustParseAddr("fd82::2"), Router6: netip.MustParseAddr("fd82::1"), Far: "wan1", V4Bits: 24, V6Bits: 64,
	},
}

// OfficeBridge is the switch on the VPN server's host that joins the hub's TAP and the cable to the office.
const OfficeBridge = "br-office"

// SlowBase is a third connection of the desktop to the Internet, present once Lab.AddSlowBase has added it.
var SlowBase = Base{
	Device: "base2", Profile: "base-c", Address: netip.MustParseAddr("10.85.0.2"), Router: netip.MustParseAddr("10.85.0.1"),
	Address6: netip.MustParseAddr("fd85::2"), Router6: netip.MustParseAddr("fd85::1"), Far: "wan4", V4Bits: 24, V6Bits: 64,
}

// The addresses beyond the NATs. RendezvousAddr has all names of SoftEther's public rendezvous servers except
// the one whose part Server.BehindRendezvous plays.
var (
	RendezvousAddr = netip.MustParseAddr("203.0.113.81")
	HomeAddr       = netip.MustParseAddr("203.0.113.66") // of the desktop's NAT
	SiteAddr       = netip.MustParseAddr("203.0.113.70") // of the VPN server's NAT
)

// The cluster's addresses, and what a client on the hub may use for itself.
var (
	ControllerAddr = netip.MustParseAddr("203.0.113.22")
	MemberAddr     = netip.MustParseAddr("203.0.113.26")
	MemberInner    = netip.MustParsePrefix("10.40.0.1/24")
	ClusterClient  = netip.MustParsePrefix("10.40.0.2/24")
)

// ProxyAddr is where the proxies of the Internet are, once a test has started one.
var ProxyAddr = netip.MustParseAddr("203.0.113.20")

// ProxyName is the name of ProxyAddr in the lab's DNS.
const ProxyName = "proxy.lab.test"

// PublicNames returns the names that every DNS server of the lab knows, in dnsmasq's syntax.
func PublicNames() []string {
	return []string{
		fmt.Sprintf("host-record=%s,%v,%v", ServerName, ServerAddr, ServerAddr6),
		fmt.Sprintf("host-record=%s,%v", ServerName4, ServerAddr),
		fmt.Sprintf("host-record=%s,%v", ServerName6, ServerAddr6),
		fmt.Sprintf("host-record=%s,203.0.113.99,2001:db8:113::99", MovedServerName),
		fmt.Sprintf("host-record=%s,%v", MovedServerName, ServerAddr),
		fmt.Sprintf("host-record=www.public.test,%v", EverywhereWeb),
		fmt.Sprintf("host-record=%s,%v", ProxyName, ProxyAddr),
		fmt.Sprintf("host-record=%s,%v", strings.TrimSuffix(rudp.RendezvousHost(ServerAddr), "."), ServerAddr),
		fmt.Sprintf("address=/nat-traversal.softether-network.net/%v", RendezvousAddr),
	}
}

// Single returns the prefix that contains only that address.
func Single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }
