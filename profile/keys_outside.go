// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"net/netip"
	"strings"

	"network-manager-softether/po"
)

// Names of the keys about what stays outside the tunnel.
const (
	KeyBlockIPv6       = "block-ipv6"
	KeyOverlapping     = "accept-overlapping-routes"
	KeyStrict          = "strict"
	KeyServerAddresses = "server-addresses"
)

// BlockIPv6 is when IPv6 is closed while connected.
type BlockIPv6 string

// The values of block-ipv6.
const (
	BlockIPv6Auto BlockIPv6 = "auto"
	BlockIPv6Yes  BlockIPv6 = "yes"
	BlockIPv6No   BlockIPv6 = "no"
)

// Strict is what may leave outside the tunnel, whether it is up or not.
type Strict string

// The values of strict.
const (
	StrictNo       Strict = "no"
	StrictYes      Strict = "yes"
	StrictAllowLAN Strict = "allow-lan"
)

// On reports whether anything is blocked.
func (s Strict) On() bool { return s == StrictYes || s == StrictAllowLAN }

// FullDNSPriority is ipv4.dns-priority and ipv6.dns-priority of a full tunnel: a negative value keeps names
// from being looked up at other connections' servers (nm-settings(5)). A split tunnel leaves it to
// NetworkManager.
const FullDNSPriority = -50

// StrictTable is the routing table that holds the routes of connections in strict mode: "SE" in ASCII.
const StrictTable = 0x5345

// maxAddressList is enough for a dozen addresses.
const maxAddressList = 512

// outsideKeys are about the traffic that is not in the tunnel.
//
//po:extract Help Long
var outsideKeys = []Key{
	{
		Name: KeyStrict, Kind: KindEnum, Group: GroupOutside, Default: string(StrictNo),
		Values: []Choice{
			{string(StrictNo), "according to the routes"},
			{string(StrictYes), "everything outside the VPN is blocked, whether it is connected or not"},
			{string(StrictAllowLAN), "the same, except for private addresses in the local network"},
		},
		Help: "Whether traffic outside the VPN is blocked",
		More: "What blocks are routing rules, which the key alone does not make: in a desktop session nm-softether-notify adds, changes or removes them as soon as the key changes; elsewhere nm-softether-strict(1) does, and sets the key.",
		set:  func(p *Profile, v value) { p.Strict = Strict(v.text) },
	},
	{
		Name: KeyServerAddresses, Kind: KindString, Group: GroupOutside, Max: maxAddressList,
		Help: "Addresses of the VPN server or the proxy, used instead of resolving its name",
		More: "Separated by spaces. The certificate is still verified against the name. Set by whatever turns strict mode on: while everything else is blocked, connecting resolves no name, and whoever answers in the name server's place cannot choose which address stays open.",
		set:  func(p *Profile, v value) { p.addressList = v.text },
	},
	{
		Name: KeyBlockIPv6, Kind: KindEnum, Group: GroupOutside, Default: string(BlockIPv6Auto),
		Values: []Choice{
			{string(BlockIPv6Auto), "while the tunnel has the default route of IPv4 and no IPv6"},
			{string(BlockIPv6Yes), "always while connected; IPv6 routers in the VPN are ignored"},
			{string(BlockIPv6No), "never: without IPv6 in the VPN, IPv6 traffic goes through the local network"},
		},
		Help: "When IPv6 is blocked while connected",
		Long: "The local network can still be reached.",
		More: "Blocked means that the default route of IPv6 leads into the tunnel and ends there. Requires ipv6.method=auto, as NetworkManager takes no routes from a VPN with any other method. With ipv6.never-default=yes, auto means no.",
		set:  func(p *Profile, v value) { p.BlockIPv6 = BlockIPv6(v.text) },
	},
	{
		Name: KeyOverlapping, Kind: KindBool, Group: GroupOutside, Default: "no",
		Help: "Accept routes that overlap the local network or the VPN server",
		Long: "A DHCP server or router in the VPN can announce routes that cover the local network, the local router or the VPN server, which can then no longer be reached. Unless this is on, such routes are ignored, with a warning. A route to the VPN server alone is never accepted.",
		set:  func(p *Profile, v value) { p.AcceptOverlapping = v.on },
	},
}

// addressesAreAddresses parses server-addresses.
func addressesAreAddresses(p *Profile) error {
	for text := range strings.FieldsSeq(p.addressList) {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
			return &ValueError{Key: KeyServerAddresses, Value: shown(text), Allowed: po.T("must be IPv4 and IPv6 addresses, separated by spaces")}
		}
		p.ServerAddresses = append(p.ServerAddresses, a.Unmap())
	}
	return nil
}
