// SPDX-License-Identifier: Apache-2.0

package profile

import "slices"

// Names of the keys that code outside the table has to name.
const (
	KeyGateway         = "gateway"
	KeyPort            = "port"
	KeyHub             = "hub"
	KeyUser            = "user"
	KeyAuthType        = "auth-type"
	KeyCert            = "cert"
	KeyKey             = "key"
	KeyCA              = "ca"
	KeyServerCertCheck = "server-cert-check"
	KeyServerCertSHA   = "server-cert-sha256"
	KeyProxyType       = "proxy-type"
	KeyProxyServer     = "proxy-server"
	KeyProxyUser       = "proxy-user"
	KeyTransport       = "transport"
	KeyMaxConnections  = "max-connections"
	KeyHalfDuplex      = "half-duplex"
	KeyUDPAcceleration = "udp-acceleration"
	KeyMAC             = "mac"
	KeyMTU             = "mtu"

	SecretPassword      = "password"
	SecretKeyPassword   = "key-password"
	SecretProxyPassword = "proxy-password"
)

// Bounds on lengths, in bytes.
const (
	maxName     = 255       // hub, user and plain_password on the wire: softether-protocol.md 6.1, 7.2
	maxPassword = 255       // plain_password STR
	maxPath     = 4095      // PATH_MAX less its NUL
	maxPEM      = 128 << 10 // a bundle of authorities; a D-Bus message has to carry it several times over
	pinSize     = 32        // SHA-256
)

const flagsLong = "0: stored with the connection, readable by root. 1: kept by the user's agent (keyring). 2: never stored, asked every time. 4: not needed. The numbers can be added."

// Keys is the table of all keys, group by group. Treat it as read-only.
var Keys = slices.Concat(accessKeys, linkKeys, outsideKeys, importKeys)

// accessKeys is the half of the table that says who connects to whom, and by which way.
//
//po:extract Help Long
var accessKeys = []Key{
	{
		Name: KeyGateway, Kind: KindHost, Group: GroupIdentity,
		Help: "Name or address of the VPN server",
		Long: "A host name, an IPv4 or an IPv6 address. A port may follow: vpn.example.com:8888 or [2001:db8::1]:8888. What follows a slash is a hint as in the official client: vpn.example.com/pc7 is the server on the computer pc7, one of several behind that address, and needs transport=udp; vpn.example.com/tcp allows transport=tcp only. The only key that must always be set.",
		set:  func(p *Profile, v value) { p.Gateway, p.Hint = v.host, v.hint },
	},
	{
		Name: KeyPort, Kind: KindPort, Group: GroupIdentity, Default: "443", Min: 1, Max: 65535,
		Help: "TCP port of the VPN server",
		Long: "SoftEther servers listen on 443, 992, 1194 and 5555 unless told otherwise. If gateway has a port too, both must agree.",
		set:  func(p *Profile, v value) { p.Gateway.Port = uint16(v.n) },
	},
	{
		Name: KeyHub, Kind: KindString, Group: GroupIdentity, Default: "DEFAULT", Min: 1, Max: maxName,
		Help: "Virtual hub on the server",
		Long: "Upper and lower case are the same.",
		set:  func(p *Profile, v value) { p.Hub = v.text },
	},
	{
		Name: KeyUser, Kind: KindString, Group: GroupIdentity, Min: 1, Max: maxName,
		Help: "User name on the virtual hub",
		Long: "Without it vpn.user-name is taken. Needed by every auth-type but anonymous.",
		set:  func(p *Profile, v value) { p.User = v.text },
	},
	{
		Name: KeyAuthType, Kind: KindEnum, Group: GroupIdentity, Default: string(AuthPassword),
		Values: []Choice{
			{string(AuthPassword), "password known to the hub; only a hash of it leaves this computer"},
			{string(AuthPlainPassword), "password for RADIUS or an NT domain behind the server; sent inside TLS"},
			{string(AuthCertificate), "certificate and private key"},
			{string(AuthAnonymous), "no proof of identity"},
		},
		Help: "How the user is authenticated",
		set:  func(p *Profile, v value) { p.AuthType = AuthType(v.text) },
	},
	{
		Name: SecretPassword, Kind: KindSecret, Group: GroupIdentity, Max: maxPassword, Secret: true,
		Help: "Password of the user",
		Long: "For auth-type password and plain-password. It may be empty.",
		set:  func(p *Profile, v value) { p.Password = Secret(v.text) },
	},
	{
		Name: FlagsKey(SecretPassword), Kind: KindFlags, Group: GroupIdentity, Default: "0", Max: 7,
		Help: "Where the password is kept", Long: flagsLong,
		set: func(p *Profile, v value) { p.Flags.Password = SecretFlags(v.n) },
	},

	{
		Name: KeyCert, Kind: KindPEM, Group: GroupCertificate, Max: maxPEM,
		Help: "Certificate of the user",
		Long: "For auth-type certificate. The absolute path of a PEM, DER or PKCS#12 file (the latter ending in .p12 or .pfx), or the PEM text itself. Servers take RSA keys of 1024, 1536, 2048, 3072 and 4096 bits, and nothing else.",
		set:  func(p *Profile, v value) { p.Cert = v.file },
	},
	{
		Name: KeyKey, Kind: KindPEM, Group: GroupCertificate, Max: maxPEM,
		Help: "Private key of the user's certificate",
		Long: "For auth-type certificate. The absolute path of a PEM or DER file, or the PEM text itself: PKCS#1 or PKCS#8, encrypted or not. Not needed with a PKCS#12 file in cert, which holds both.",
		set:  func(p *Profile, v value) { p.Key = v.file },
	},
	{
		Name: SecretKeyPassword, Kind: KindSecret, Group: GroupCertificate, Max: maxPassword, Secret: true,
		Help: "Password of the private key",
		Long: "For a private key or PKCS#12 file that is encrypted. It is asked for when it turns out to be needed.",
		set:  func(p *Profile, v value) { p.KeyPassword = Secret(v.text) },
	},
	{
		Name: FlagsKey(SecretKeyPassword), Kind: KindFlags, Group: GroupCertificate, Default: "0", Max: 7,
		Help: "Where the password of the private key is kept", Long: flagsLong,
		set: func(p *Profile, v value) { p.Flags.KeyPassword = SecretFlags(v.n) },
	},
	{
		Name: KeyCA, Kind: KindPEM, Group: GroupCertificate, Max: maxPEM,
		Help: "Certificate authorities trusted to sign the server's certificate",
		Long: "The absolute path of a PEM file, or the PEM text itself; several certificates are allowed. Without it the system's authorities are trusted.",
		set:  func(p *Profile, v value) { p.CA = v.file },
	},
	{
		Name: KeyServerCertCheck, Kind: KindEnum, Group: GroupCertificate, Default: string(CertCheckYes),
		Values: []Choice{
			{string(CertCheckYes), "signed by ca or an authority of the system, and issued for the host named in gateway"},
			{string(CertCheckPin), "exactly the one named by server-cert-sha256 or, without that, the one that you trust when asked at the first connection"},
			{string(CertCheckNo), "any certificate: whoever sits between you and the server can read everything, the password too"},
		},
		Help: "Which certificate of the server is accepted",
		set:  func(p *Profile, v value) { p.ServerCertCheck = CertCheck(v.text) },
	},
	{
		Name: KeyServerCertSHA, Kind: KindHex, Group: GroupCertificate, Min: pinSize, Max: pinSize,
		Help: "SHA-256 fingerprint of the server's certificate",
		Long: "Over the certificate in DER form, 64 hexadecimal digits with or without colons. If set, it alone decides; neither authorities nor host name matter then. It wins over what a person answered when asked, which is kept as the secret trust-sha256-FINGERPRINT=yes.",
		set:  func(p *Profile, v value) { p.ServerCertSHA256 = v.bytes },
	},

	{
		Name: KeyProxyType, Kind: KindEnum, Group: GroupProxy, Default: string(ProxyNone),
		Values: []Choice{
			{string(ProxyNone), "straight to the server"},
			{string(ProxyHTTP), "HTTP proxy, by CONNECT; basic and digest authentication"},
			{string(ProxySOCKS4), "SOCKS version 4 and 4a"},
			{string(ProxySOCKS5), "SOCKS version 5, also with user name and password"},
		},
		Help: "Kind of proxy on the way to the server",
		Long: "Needs transport=tcp. The proxy looks up the server's name, and the route around the tunnel leads to the proxy.",
		set:  func(p *Profile, v value) { p.Proxy.Type = ProxyType(v.text) },
	},
	{
		Name: KeyProxyServer, Kind: KindHostPort, Group: GroupProxy,
		Help: "Name or address of the proxy, and its port",
		Long: "For example proxy.example.com:3128 or [2001:db8::2]:1080.",
		set:  func(p *Profile, v value) { p.Proxy.Server = v.host },
	},
	{
		Name: KeyProxyUser, Kind: KindString, Group: GroupProxy, Min: 1, Max: maxName,
		Help: "User name for the proxy",
		Long: "Without it no authentication is offered to the proxy.",
		set:  func(p *Profile, v value) { p.Proxy.User = v.text },
	},
	{
		Name: SecretProxyPassword, Kind: KindSecret, Group: GroupProxy, Max: maxPassword, Secret: true,
		Help: "Password for the proxy",
		Long: "Wanted when proxy-user is set. SOCKS4 has no password.",
		set:  func(p *Profile, v value) { p.Proxy.Password = Secret(v.text) },
	},
	{
		Name: FlagsKey(SecretProxyPassword), Kind: KindFlags, Group: GroupProxy, Default: "0", Max: 7,
		Help: "Where the password for the proxy is kept", Long: flagsLong,
		set: func(p *Profile, v value) { p.Flags.ProxyPassword = SecretFlags(v.n) },
	},
}
