// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"time"

	"network-manager-softether/protocol/pack"
)

// A Policy is what the server allows this session (softether-protocol.md 7.2 and 13.3). The server enforces
// it, except for NoSavePassword, which is up to the caller, and AutoDisconnect, which the session follows by
// itself.
type Policy struct {
	Access, DHCPFilter, DHCPNoServer, DHCPForce                bool
	NoBridge, NoRouting, PrivacyFilter, NoServer               bool
	CheckMAC, CheckIP, ARPDHCPOnly, MonitorPort                bool
	NoBroadcastLimiter, FixPassword, NoQoS                     bool
	RSAndRAFilter, RAFilter, DHCPv6Filter, DHCPv6NoServer      bool
	NoRoutingV6, CheckIPv6, NoServerV6, NoSavePassword         bool
	FilterIPv4, FilterIPv6, FilterNonIP                        bool
	NoIPv6DefaultRouterInRA, NoIPv6DefaultRouterInRAWhenIPv6   bool
	MaxConnection, MaxMAC, MaxIP, MaxIPv6, MultiLogins, VLANID uint32 // 0: no limit, no VLAN
	MaxUpload, MaxDownload                                     uint32 // bit/s, 0: no limit
	AutoDisconnect                                             time.Duration
}

// parsePolicy reads the elements "policy:NAME" of a welcome. Absent means off.
func parsePolicy(p *pack.Pack) Policy {
	on := func(name string) bool { return p.Bool("policy:" + name) }
	num := func(name string) uint32 { return p.Int("policy:" + name) }
	return Policy{
		Access:                          on("Access"),
		DHCPFilter:                      on("DHCPFilter"),
		DHCPNoServer:                    on("DHCPNoServer"),
		DHCPForce:                       on("DHCPForce"),
		NoBridge:                        on("NoBridge"),
		NoRouting:                       on("NoRouting"),
		PrivacyFilter:                   on("PrivacyFilter"),
		NoServer:                        on("NoServer"),
		CheckMAC:                        on("CheckMac"),
		CheckIP:                         on("CheckIP"),
		ARPDHCPOnly:                     on("ArpDhcpOnly"),
		MonitorPort:                     on("MonitorPort"),
		NoBroadcastLimiter:              on("NoBroadcastLimiter"),
		FixPassword:                     on("FixPassword"),
		NoQoS:                           on("NoQoS"),
		RSAndRAFilter:                   on("RSandRAFilter"),
		RAFilter:                        on("RAFilter"),
		DHCPv6Filter:                    on("DHCPv6Filter"),
		DHCPv6NoServer:                  on("DHCPv6NoServer"),
		NoRoutingV6:                     on("NoRoutingV6"),
		CheckIPv6:                       on("CheckIPv6"),
		NoServerV6:                      on("NoServerV6"),
		NoSavePassword:                  on("NoSavePassword"),
		FilterIPv4:                      on("FilterIPv4"),
		FilterIPv6:                      on("FilterIPv6"),
		FilterNonIP:                     on("FilterNonIP"),
		NoIPv6DefaultRouterInRA:         on("NoIPv6DefaultRouterInRA"),
		NoIPv6DefaultRouterInRAWhenIPv6: on("NoIPv6DefaultRouterInRAWhenIPv6"),
		MaxConnection:                   num("MaxConnection"),
		MaxMAC:                          num("MaxMac"),
		MaxIP:                           num("MaxIP"),
		MaxIPv6:                         num("MaxIPv6"),
		MultiLogins:                     num("MultiLogins"),
		VLANID:                          num("VLanId"),
		MaxUpload:                       num("MaxUpload"),
		MaxDownload:                     num("MaxDownload"),
		AutoDisconnect:                  time.Duration(num("AutoDisconnect")) * time.Second,
	}
}
