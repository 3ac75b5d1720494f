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
			{string(TransportDNS), "inside DNS queries to the server's port 53"},
		},
		Help: "What carries the session to the server",
		Long: "With udp and auto, SoftEther's public rendezvous servers are asked for the server, and learn the addresses of both ends. ICMP and DNS messages go to the server itself, which listens for them only if its administrator says so.",
		set:  func(p *Profile, v value) { p.Transport = Transport(v.text) },
	},
	{
		Name: KeyMaxConnections, Kind: KindInt, Group: GroupTransport, Default: "1", Min: 1, Max: 32,
		Help: "Number of parallel TCP connections",
		Long: "More of them help on long, lossy paths. The server may grant fewer.",
		set:  func(p *Profile, v value) { p.MaxConnections = v.n },
	},
	{
		Name: "connection-interval", Kind: KindSeconds, Group: GroupTransport, Default: "1", Min: 1, Max: 3600,
		Help: "Seconds between the opening of two parallel connections",
		set:  func(p *Profile, v value) { p.ConnectionInterval = v.seconds() },
	},
	{
		Name: "connection-lifetime", Kind: KindSeconds, Group: GroupTransport, Default: "0", Min: 0, Max: 2592000,
		Help: "Seconds after which a parallel connection is replaced by a new one",
		Long: "0: never.",
		set:  func(p *Profile, v value) { p.ConnectionLifetime = v.seconds() },
	},
	{
		Name: KeyHalfDuplex, Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Use each connection in one direction only",
		Long: "Needs max-connections of 2 or more.",
		set:  func(p *Profile, v value) { p.HalfDuplex = v.on },
	},
	{
		Name: "compression", Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Compress frames",
		Long: "Costs processor time on both sides and gains nothing on traffic that is encrypted or compressed already.",
		set:  func(p *Profile, v value) { p.Compression = v.on },
	},
	{
		Name: KeyUDPAcceleration, Kind: KindEnum, Group: GroupTransport, Default: string(UDPAuto),
		Values: []Choice{
			{string(UDPAuto), "version 2, carrying traffic when the TCP path loses packets"},
			{string(UDPYes), "version 2, whenever it can be used"},
			{string(UDPV1), "also version 1, whose RC4 cipher is weak"},
			{string(UDPNo), "never"},
		},
		Help: "Carry frames over UDP beside the TCP connection",
		Long: "With another transport than TCP: carry them in datagrams of that transport, beside its slow stream. Of these, servers before 4.30 and the 5.01 that Debian has know version 1 only.",
		set:  func(p *Profile, v value) { p.UDPAcceleration = UDPAcceleration(v.text) },
	},
	{
		Name: "qos", Kind: KindBool, Group: GroupTransport, Default: "yes",
		Help: "Give small and VoIP frames priority",
		set:  func(p *Profile, v value) { p.QoS = v.on },
	},
	{
		Name: "bridge-mode", Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Ask for a session that may bridge or route for other hosts",
		Long: "The user's policy on the hub must allow it.",
		set:  func(p *Profile, v value) { p.BridgeMode = v.on },
	},
	{
		Name: "monitor-mode", Kind: KindBool, Group: GroupTransport, Default: "no",
		Help: "Ask for a session that receives every frame of the hub",
		Long: "The user's policy on the hub must allow it. Nothing can be sent in such a session.",
		set:  func(p *Profile, v value) { p.MonitorMode = v.on },
	},

	{
		Name: KeyMAC, Kind: KindMAC, Group: GroupDevice, Default: string(MACStable),
		Values: []Choice{
			{string(MACStable), "derived from the connection's UUID"},
			{string(MACRandom), "a new one for every connection"},
		},
		Help: "MAC address of the virtual network device",
		Long: "A unicast address such as 5e:00:53:01:02:03 is allowed too. DHCP leases depend on it. Copies of a connection with the same UUID on two computers have the same stable address and disturb each other: give one of them another UUID or an address of its own.",
		set: func(p *Profile, v value) {
			p.MACMode, p.MAC = MACMode(v.text), v.bytes
		},
	},
	{
		Name: KeyMTU, Kind: KindInt, Group: GroupDevice, Default: "1500", Min: 576, Max: 1500,
		Help: "Largest packet on the virtual network device, in bytes",
		Long: "IPv6 needs 1280 or more.",
		set:  func(p *Profile, v value) { p.MTU = v.n },
	},
	{
		Name: "dhcp-hostname", Kind: KindHostName, Group: GroupDevice, Max: 253,
		Help: "Host name sent to the DHCP server",
		Long: "Without it none is sent.",
		set:  func(p *Profile, v value) { p.Hostname = v.text },
	},
	{
		Name: "send-host-info", Kind: KindBool, Group: GroupDevice, Default: "no",
		Help: "Tell the server this computer's name and operating system",
		Long: "The official client always does.",
		set:  func(p *Profile, v value) { p.SendHostInfo = v.on },
	},

	{
		Name: "reconnect-interval", Kind: KindSeconds, Group: GroupReconnect, Default: "15", Min: 5, Max: 3600,
		Help: "Seconds between attempts to connect again after the session was lost",
		Long: "While the server cannot be reached at all, it is looked for more often, every 5 seconds at least, and a full or closed one that refuses less often, every minute.",
		set:  func(p *Profile, v value) { p.ReconnectInterval = v.seconds() },
	},
	{
		Name: "reconnect-attempts", Kind: KindInt, Group: GroupReconnect, Default: "0", Min: 0, Max: 1000000,
		Help: "Attempts to connect again before giving up",
		Long: "0: no limit. After a failed authentication there is never another attempt.",
		set:  func(p *Profile, v value) { p.ReconnectAttempts = v.n },
	},
}
