// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"net/netip"
	"strings"

	"network-manager-softether/po"
)

// Names of the keys about what stays outside of the tunnel.
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

// Strict is what may leave outside of the tunnel, whether it is up or not.
type Strict string

// The values of strict.
const (
	StrictNo       Strict = "no"
	StrictYes      Strict = "yes"
	StrictAllowLAN Strict = "allow-lan"
)

// On reports whether anything is blocked.
func (s Strict) On() bool { return s == StrictYes || s == StrictAllowLAN }

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
			{string(StrictNo), "as the routes say"},
			{string(StrictYes), "nothing leaves but through the VPN, whether it is connected or not"},
			{string(StrictAllowLAN), "the same, but private addresses of the local network can be reached"},
		},
		Help: "Whether traffic outside of the VPN is blocked",
		Long: "Set by nm-softether-strict(1), which also sets up the routing rules that do the blocking; the key alone blocks nothing.",
		set:  func(p *Profile, v value) { p.Strict = Strict(v.text) },
	},
	{
		Name: KeyServerAddresses, Kind: KindString, Group: GroupOutside, Max: maxAddressList,
		Help: "Addresses of the VPN server, or of the proxy, that are used instead of looking up its name",
		Long: "Separated by blanks. The certificate is still checked against the name. Set by nm-softether-strict(1): while all else is blocked no name can be looked up, and whoever answers in the name server's place cannot choose which address stays open.",
		set:  func(p *Profile, v value) { p.addressList = v.text },
	},
	{
		Name: KeyBlockIPv6, Kind: KindEnum, Group: GroupOutside, Default: string(BlockIPv6Auto),
		Values: []Choice{
			{string(BlockIPv6Auto), "while IPv4 has its default route in the tunnel, and IPv6 has none"},
			{string(BlockIPv6Yes), "always while connected, and IPv6 routers in the VPN are ignored"},
			{string(BlockIPv6No), "never: IPv6 leaves by the local network if the VPN has none"},
		},
		Help: "When IPv6 is blocked while connected",
		Long: "Blocked means that the default route of IPv6 leads into the tunnel and ends there; the local network can still be reached. Needs ipv6.method=auto, as NetworkManager takes no other method's routes from a VPN. With ipv6.never-default=yes, auto means no.",
		set:  func(p *Profile, v value) { p.BlockIPv6 = BlockIPv6(v.text) },
	},
	{
		Name: KeyOverlapping, Kind: KindBool, Group: GroupOutside, Default: "no",
		Help: "Accept routes over the local network and the VPN server",
		Long: "A DHCP server or router in the VPN can announce routes to the VPN server, the local router or the local network, which would then no longer be reached. They are left out, with a warning, unless this is set. A route to the VPN server alone is never accepted.",
		set:  func(p *Profile, v value) { p.AcceptOverlapping = v.on },
	},
}

// addressesAreAddresses takes server-addresses apart.
func addressesAreAddresses(p *Profile) error {
	for _, text := range strings.Fields(p.addressList) {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
			return &ValueError{Key: KeyServerAddresses, Value: shown(text), Allowed: po.T("IPv4 and IPv6 addresses, separated by blanks")}
		}
		p.ServerAddresses = append(p.ServerAddresses, a.Unmap())
	}
	return nil
}
