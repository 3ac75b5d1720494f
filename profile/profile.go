// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"net/netip"
	"time"
)

// ServiceType is the vpn.service-type of the connections that this plugin serves, and its base bus name.
const ServiceType = "org.freedesktop.NetworkManager.softether"

// Where the service of a connection exports what nm-softether-status prints, under its bus name.
const (
	StatusInterface = ServiceType + ".Status"
	StatusPath      = "/org/freedesktop/NetworkManager/softether/Status"
)

// Source is a NetworkManager connection as plain values.
type Source struct {
	ID, UUID      string
	InterfaceName string            // connection.interface-name
	UserName      string            // vpn.user-name
	Users         []string          // names in connection.permissions; empty = everybody's connection
	Timeout       time.Duration     // vpn.timeout, 0 = default
	Persistent    bool              // vpn.persistent
	IPv4Method    string            // ipv4.method; empty = auto
	IPv6Method    string            // ipv6.method; empty = auto
	Data, Secrets map[string]string // vpn.data, vpn.secrets

	IPv4NeverDefault, IPv6NeverDefault bool

	IPv4, IPv6 Family // what the settings ipv4 and ipv6 say besides the method
}

// Family is what a connection says about one address family, besides the method. The zero value of each
// property is NetworkManager's default.
type Family struct {
	MustSucceed      bool           // may-fail=no
	RequiredTimeout  time.Duration  // required-timeout: wait that long for the family even if it may fail
	IgnoreAutoRoutes bool           // ignore-auto-routes
	OwnDefault       bool           // gateway, or a default route among routes
	Table            uint32         // route-table; 0: the main one
	Addresses        []netip.Prefix // of method manual
	Automatic
}

// Profile is a connection that has been checked. Its fields are the keys of the table with their defaults
// filled in.
type Profile struct {
	ID, UUID      string
	InterfaceName string
	Users         []string      // whose connection it is; empty = everybody's
	Timeout       time.Duration // until the configuration must be there; DefaultTimeout if the connection says nothing
	Persistent    bool

	Gateway  Endpoint // Port is always set
	Hint     string   // which of several servers behind the gateway's address; HintTCP: any, by TCP only
	Hub      string
	User     string // may only be empty with AuthAnonymous
	AuthType AuthType
	Password Secret

	Cert, Key, CA    File
	KeyPassword      Secret
	ServerCertCheck  CertCheck
	ServerCertSHA256 []byte // nil or 32 bytes, from vpn.data
	Trusted          []byte // nil or 32 bytes: whom the person trusts, see TrustSecret
	Proxy            Proxy

	Transport          Transport
	MaxConnections     int
	ConnectionInterval time.Duration
	ConnectionLifetime time.Duration // 0 = for ever
	HalfDuplex         bool
	Compression        bool
	UDPAcceleration    UDPAcceleration
	QoS                bool
	BridgeMode         bool
	MonitorMode        bool

	MACMode      MACMode
	MAC          []byte // six bytes with MACExplicit, else nil; see package nodeid
	MTU          int
	Hostname     string // dhcp-hostname
	SendHostInfo bool

	ReconnectInterval time.Duration
	ReconnectAttempts int // 0 = no limit

	Strict            Strict
	ServerAddresses   []netip.Addr // used instead of looking up the gateway's, or the proxy's, name
	BlockIPv6         BlockIPv6
	AcceptOverlapping bool

	VPNFileItems string // see package vpnfile

	IPv4, IPv6 Addressing
	Identity   Identity
	Flags      Flags

	addressList string // server-addresses

	needed []string        // NeededSecrets of the source
	given  map[string]bool // the secrets that were present
}

// DefaultTimeout is how long NetworkManager waits for a configuration if
// vpn.timeout is 0 (networkmanager.md 0).
const DefaultTimeout = 60 * time.Second

// Proxy is the proxy in front of the server.
type Proxy struct {
	Type     ProxyType
	Server   Endpoint // zero with ProxyNone
	User     string
	Password Secret
}

// File is a file named in the connection, or its content.
type File struct {
	Path string // absolute
	PEM  Secret // the text itself; a Secret as it may be a private key
}

// IsZero reports whether the key is unset.
func (f File) IsZero() bool { return f == File{} }

// Addressing says what one address family of the connection asks for.
type Addressing struct {
	Auto         bool // configured through the tunnel: DHCP, router advertisements
	Static       bool // the addresses are in the profile
	Disabled     bool // the family is off; for IPv6, on the TAP as well
	NeverDefault bool // no default route wanted
	Family
}

// Pin returns the fingerprint that alone decides about the server's certificate, nil if there is none. The
// data key takes precedence over a person's answer.
func (p *Profile) Pin() []byte {
	if p.ServerCertSHA256 != nil {
		return p.ServerCertSHA256
	}
	return p.Trusted
}

// NamesFiles reports whether a file has to be read for this connection.
func (p *Profile) NamesFiles() bool { return p.Cert.Path != "" || p.Key.Path != "" || p.CA.Path != "" }

// AuthType is how the user is authenticated.
type AuthType string

// The values of auth-type.
const (
	AuthPassword      AuthType = "password"
	AuthPlainPassword AuthType = "plain-password"
	AuthCertificate   AuthType = "certificate"
	AuthAnonymous     AuthType = "anonymous"
)

// CertCheck is how the server's certificate is judged if no pin is set.
type CertCheck string

// The values of server-cert-check.
const (
	CertCheckYes CertCheck = "yes"
	CertCheckPin CertCheck = "pin"
	CertCheckNo  CertCheck = "no"
)

// ProxyType is the kind of proxy.
type ProxyType string

// The values of proxy-type.
const (
	ProxyNone   ProxyType = "none"
	ProxyHTTP   ProxyType = "http"
	ProxySOCKS4 ProxyType = "socks4"
	ProxySOCKS5 ProxyType = "socks5"
)

// Transport is what carries the session.
type Transport string

// The values of transport.
const (
	TransportTCP  Transport = "tcp"
	TransportAuto Transport = "auto"
	TransportUDP  Transport = "udp"
	TransportICMP Transport = "icmp"
	TransportDNS  Transport = "dns"
)

// UDPAcceleration is when frames also travel over UDP beside the TCP connection.
type UDPAcceleration string

// The values of udp-acceleration.
const (
	UDPAuto UDPAcceleration = "auto"
	UDPYes  UDPAcceleration = "yes"
	UDPV1   UDPAcceleration = "v1"
	UDPNo   UDPAcceleration = "no"
)

// MACMode is where the MAC address comes from.
type MACMode string

// The words of mac, and what stands for an address chosen by the user.
const (
	MACStable   MACMode = "stable"
	MACRandom   MACMode = "random"
	MACExplicit MACMode = "explicit"
)
