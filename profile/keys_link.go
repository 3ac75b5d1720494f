// SPDX-License-Identifier: Apache-2.0

package profile

// linkKeys is the half of the table about the session and the network device.
//
//po:extract Help Long
var linkKeys = []Key{
	{
		Name: KeyTransport, Kind: KindEnum, Group: GroupTransport, Default: string(TransportTCP),
		Values: []Choice{
			{string(TransportTCP), "TLS over TCP"},
			{string(TransportAuto), "TCP first, then the others"},
			{string(TransportUDP), "UDP with NAT traversal"},
			{string(TransportICMP), "inside ICMP echo replies or information requests"},
			{string(TransportDNS), "inside DNS queries to port 53 of the server"},
		},
		Help: "Protocol that carries the VPN session",
		Long: "UDP uses SoftEther's public rendezvous servers to find the server; they learn the IP addresses of both ends. ICMP and DNS work only if the server's administrator has enabled them.",
		set:  func(p *Profile, v value) { p.Transport = Transport(v.text) },
	},
	{
		Name: KeyMaxConnections, Kind: KindInt, Group: GroupTransport, Default: "1", Min: 1, Max: 32,
		Help: "Number of parallel TCP connections",
		Long: "More connections help over long distances and on links that lose packets. The server may allow fewer.",
		set:  func(p *Profile, v value) { p.MaxConnections = v.n },
	},
	{
		Name: "connection-interval", Kind: KindSeconds, Group: GroupTransport, Default: "1", Min: 1, Max: 3600,
		Help: "Seconds between opening one TCP connection and the next",
		set:  func(p *Profile, v value) { p.ConnectionInterval = v.seconds() },
	},
	{
		Name: "connection-lifetime", Kind: KindSeconds, Group: GroupTransport, Default: "0", Min: 0, Max: 2592000,
		Help: "Seconds after which a TCP connection is replaced by a new one",
		Long: "0: never.",
		set:  func(p *Profile, v value) { p.ConnectionLifetime = v.seconds() },
	},
	{
		Name: KeyHalfDuplex, Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Use each TCP connection in one direction only",
		More: "Requires max-connections of 2 or more.",
		set:  func(p *Profile, v value) { p.HalfDuplex = v.on },
	},
	{
		Name: "compression", Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Compress the data",
		Long: "Costs processor time on both sides and does not help with data that is already encrypted or compressed.",
		set:  func(p *Profile, v value) { p.Compression = v.on },
	},
	{
		Name: KeyUDPAcceleration, Kind: KindEnum, Group: GroupTransport, Default: string(UDPAuto),
		Values: []Choice{
			{string(UDPAuto), "version 2, used while the TCP connection loses packets"},
			{string(UDPYes), "version 2, whenever possible"},
			{string(UDPV1), "version 1 too, whose encryption (RC4) is weak"},
			{string(UDPNo), "never"},
		},
		Help: "Send data over UDP alongside the TCP connection",
		Long: "If the session itself runs over UDP, ICMP or DNS, this is about the faster datagrams of that protocol. Servers before version 4.30, and version 5.01, support only version 1 of them.",
		set:  func(p *Profile, v value) { p.UDPAcceleration = UDPAcceleration(v.text) },
	},
	{
		Name: "qos", Kind: KindBool, Group: GroupTransport, Default: "yes",
		Help: "Send small packets and VoIP first",
		set:  func(p *Profile, v value) { p.QoS = v.on },
	},
	{
		Name: "bridge-mode", Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Request a session that may bridge or route traffic of other hosts",
		Long: "The user's policy on the virtual hub must allow it.",
		set:  func(p *Profile, v value) { p.BridgeMode = v.on },
	},
	{
		Name: "monitor-mode", Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Request a session that receives all frames of the virtual hub",
		Long: "The user's policy on the virtual hub must allow it. Nothing can be sent in such a session.",
		set:  func(p *Profile, v value) { p.MonitorMode = v.on },
	},

	{
		Name: KeyMAC, Kind: KindMAC, Group: GroupDevice, Default: string(MACStable),
		Values: []Choice{
			{string(MACStable), "derived from the connection's UUID, the same every time"},
			{string(MACRandom), "a new address each time"},
		},
		Help: "MAC address of the virtual network device",
		Long: "DHCP leases depend on it. If the same connection is used on two computers at once, give one of them its own address, such as 5e:00:53:01:02:03.",
		More: "Any unicast address is allowed. The stable address is the same on all computers that have the connection with the same UUID.",
		set: func(p *Profile, v value) {
			p.MACMode, p.MAC = MACMode(v.text), v.bytes
		},
	},
	{
		Name: KeyMTU, Kind: KindInt, Group: GroupDevice, Default: "1500", Min: 576, Max: 1500,
		Help: "Maximum packet size of the virtual network device, in bytes",
		Long: "IPv6 requires at least 1280.",
		set:  func(p *Profile, v value) { p.MTU = v.n },
	},
	{
		Name: "dhcp-hostname", Kind: KindHostName, Group: GroupDevice, Max: 253,
		Help: "Host name sent to the DHCP server",
		Long: "If empty, none is sent.",
		set:  func(p *Profile, v value) { p.Hostname = v.text },
	},
	{
		Name: "send-host-info", Kind: KindBool, Group: GroupDevice, Default: "no",
		Help: "Send this computer's name and operating system to the server",
		Long: "The official client always does.",
		set:  func(p *Profile, v value) { p.SendHostInfo = v.on },
	},

	{
		Name: "reconnect-interval", Kind: KindSeconds, Group: GroupReconnect, Default: "15", Min: 5, Max: 3600,
		Help: "Seconds between attempts to reconnect after the session is lost",
		Long: "A server that cannot be reached is tried at least every 5 seconds; one that is full or offline, less and less often.",
		set:  func(p *Profile, v value) { p.ReconnectInterval = v.seconds() },
	},
	{
		Name: "reconnect-attempts", Kind: KindInt, Group: GroupReconnect, Default: "0", Min: 0, Max: 1000000,
		Help: "Attempts to reconnect before giving up",
		Long: "0: no limit. There is no further attempt after a failed authentication.",
		set:  func(p *Profile, v value) { p.ReconnectAttempts = v.n },
	},
}
