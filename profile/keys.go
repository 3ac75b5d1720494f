// SPDX-License-Identifier: Apache-2.0

package profile

import "slices"

// Names of the keys that code outside the table refers to.
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

const flagsMore = "0: stored in the connection, readable by root. 1: kept in the user's keyring by the secret agent. 2: not stored, asked for every time. 4: not required. The numbers can be added."

// Keys is the table of all keys, group by group. Treat it as read-only.
var Keys = slices.Concat(accessKeys, linkKeys, outsideKeys, importKeys)

// accessKeys is the half of the table that says who connects to whom, and how.
//
//po:extract Help Long
var accessKeys = []Key{
	{
		Name: KeyGateway, Kind: KindHost, Group: GroupIdentity,
		Help: "Name or address of the VPN server",
		Long: "A port may follow after a colon, as in vpn.example.com:8888 or [2001:db8::1]:8888, and the name of one of several servers behind the same address after a slash, as in vpn.example.com/pc7.",
		More: "The only key that must always be set. What follows a slash is a hint as in the official client: vpn.example.com/pc7 is the server on the computer pc7 and requires transport=udp; vpn.example.com/tcp requires transport=tcp.",
		set:  func(p *Profile, v value) { p.Gateway, p.Hint = v.host, v.hint },
	},
	{
		Name: KeyPort, Kind: KindPort, Group: GroupIdentity, Default: "443", Min: 1, Max: 65535,
		Help: "TCP port of the VPN server",
		Long: "By default, SoftEther servers listen on ports 443, 992, 1194 and 5555.",
		More: "If gateway contains a port too, the two must be equal.",
		set:  func(p *Profile, v value) { p.Gateway.Port = uint16(v.n) },
	},
	{
		Name: KeyHub, Kind: KindString, Group: GroupIdentity, Default: "DEFAULT", Min: 1, Max: maxName,
		Help: "Virtual hub on the server",
		Long: "Not case-sensitive.",
		set:  func(p *Profile, v value) { p.Hub = v.text },
	},
	{
		Name: KeyUser, Kind: KindString, Group: GroupIdentity, Min: 1, Max: maxName,
		Help: "User name on the virtual hub",
		More: "Defaults to vpn.user-name. Required by every auth-type except anonymous.",
		set:  func(p *Profile, v value) { p.User = v.text },
	},
	{
		Name: KeyAuthType, Kind: KindEnum, Group: GroupIdentity, Default: string(AuthPassword),
		Values: []Choice{
			{string(AuthPassword), "password stored on the SoftEther server; only a hash of it is sent"},
			{string(AuthPlainPassword), "password that a RADIUS server or NT domain controller verifies; sent as it is, inside TLS"},
			{string(AuthCertificate), "certificate and private key"},
			{string(AuthAnonymous), "user name only, no password"},
		},
		Help: "Authentication method",
		set:  func(p *Profile, v value) { p.AuthType = AuthType(v.text) },
	},
	{
		Name: SecretPassword, Kind: KindSecret, Group: GroupIdentity, Max: maxPassword, Secret: true,
		Help: "Password on the virtual hub",
		More: "For auth-type=password and auth-type=plain-password. It may be empty.",
		set:  func(p *Profile, v value) { p.Password = Secret(v.text) },
	},
	{
		Name: FlagsKey(SecretPassword), Kind: KindFlags, Group: GroupIdentity, Default: "0", Max: 7,
		Help: "Where the password is stored", More: flagsMore,
		set: func(p *Profile, v value) { p.Flags.Password = SecretFlags(v.n) },
	},

	{
		Name: KeyCert, Kind: KindPEM, Group: GroupCertificate, Max: maxPEM,
		Help: "User certificate",
		Long: "A PEM, DER or PKCS#12 file. Servers accept only RSA keys of 1024, 1536, 2048, 3072 or 4096 bits.",
		More: "For auth-type=certificate. The absolute path of the file, or the PEM text itself. The name of a PKCS#12 file must end in .p12 or .pfx.",
		set:  func(p *Profile, v value) { p.Cert = v.file },
	},
	{
		Name: KeyKey, Kind: KindPEM, Group: GroupCertificate, Max: maxPEM,
		Help: "Private key of the user certificate",
		Long: "Not needed with a PKCS#12 file, which contains both certificate and key.",
		More: "For auth-type=certificate. The absolute path of a PEM or DER file, or the PEM text itself: PKCS#1 or PKCS#8, encrypted or not.",
		set:  func(p *Profile, v value) { p.Key = v.file },
	},
	{
		Name: SecretKeyPassword, Kind: KindSecret, Group: GroupCertificate, Max: maxPassword, Secret: true,
		Help: "Private key password",
		Long: "For an encrypted private key or PKCS#12 file. If it is needed and not stored, you are asked for it.",
		set:  func(p *Profile, v value) { p.KeyPassword = Secret(v.text) },
	},
	{
		Name: FlagsKey(SecretKeyPassword), Kind: KindFlags, Group: GroupCertificate, Default: "0", Max: 7,
		Help: "Where the private key password is stored", More: flagsMore,
		set: func(p *Profile, v value) { p.Flags.KeyPassword = SecretFlags(v.n) },
	},
	{
		Name: KeyCA, Kind: KindPEM, Group: GroupCertificate, Max: maxPEM,
		Help: "CA certificates trusted to issue the server certificate",
		Long: "If empty, the CA certificates of this system are trusted.",
		More: "The absolute path of a PEM, DER or PKCS#7 file, or the PEM text itself; either may contain several certificates.",
		set:  func(p *Profile, v value) { p.CA = v.file },
	},
	{
		Name: KeyServerCertCheck, Kind: KindEnum, Group: GroupCertificate, Default: string(CertCheckYes),
		Values: []Choice{
			{string(CertCheckYes), "issued for the host name in gateway by ca or by a CA that the system trusts; if it cannot be verified, you are asked once whether to trust it"},
			{string(CertCheckPin), "only the certificate with the fingerprint in server-cert-sha256 or, without one, the certificate that you trust when asked on the first connection"},
			{string(CertCheckNo), "any certificate is accepted: anyone between you and the server can read everything, including the password"},
		},
		Help: "How the server certificate is verified",
		set:  func(p *Profile, v value) { p.ServerCertCheck = CertCheck(v.text) },
	},
	{
		Name: KeyServerCertSHA, Kind: KindHex, Group: GroupCertificate, Min: pinSize, Max: pinSize,
		Help: "SHA-256 fingerprint of the server certificate",
		Long: "64 hexadecimal digits, with or without colons. If set, the certificate must have this fingerprint, and nothing else is verified.",
		More: "The fingerprint is that of the certificate in DER form. It takes precedence over a certificate that you trusted when asked, which is stored as the secret trust-sha256-FINGERPRINT=yes.",
		set:  func(p *Profile, v value) { p.ServerCertSHA256 = v.bytes },
	},

	{
		Name: KeyProxyType, Kind: KindEnum, Group: GroupProxy, Default: string(ProxyNone),
		Values: []Choice{
			{string(ProxyNone), "no proxy, connect directly"},
			{string(ProxyHTTP), "HTTP proxy (CONNECT), with basic or digest authentication"},
			{string(ProxySOCKS4), "SOCKS version 4 or 4a"},
			{string(ProxySOCKS5), "SOCKS version 5, with or without user name and password"},
		},
		Help: "Proxy type",
		Long: "The proxy resolves the server's name.",
		More: "Requires transport=tcp. The route that bypasses the tunnel leads to the proxy.",
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
		Long: "If empty, no authentication is offered to the proxy.",
		set:  func(p *Profile, v value) { p.Proxy.User = v.text },
	},
	{
		Name: SecretProxyPassword, Kind: KindSecret, Group: GroupProxy, Max: maxPassword, Secret: true,
		Help: "Password for the proxy",
		More: "Required if proxy-user is set. SOCKS4 has no password.",
		set:  func(p *Profile, v value) { p.Proxy.Password = Secret(v.text) },
	},
	{
		Name: FlagsKey(SecretProxyPassword), Kind: KindFlags, Group: GroupProxy, Default: "0", Max: 7,
		Help: "Where the proxy password is stored", More: flagsMore,
		set: func(p *Profile, v value) { p.Flags.ProxyPassword = SecretFlags(v.n) },
	},
}
