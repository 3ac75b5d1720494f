// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"path"
	"strings"

	"network-manager-softether/po"
)

// rules are what must hold between keys, in the order in which a person should be told.
var rules = []func(*Profile) error{
	gatewayIsSet, userIsKnown, certificateIsWhole, proxyIsWhole, transportFits, hintFits,
	halfDuplexHasPair, deviceNameFits, ownerIsOne, uuidIsThere, addressesAreAddresses,
}

func gatewayIsSet(p *Profile) error {
	if p.Gateway.Host == "" {
		return &MissingError{Key: KeyGateway, Help: po.T(hostForms), Page: po.T("enter the name or address of the VPN server")}
	}
	return nil
}

func userIsKnown(p *Profile) error {
	if p.User == "" && p.AuthType != AuthAnonymous {
		return &MissingError{
			Key: KeyUser, Help: "set it or vpn.user-name, or auth-type=anonymous if the hub allows that",
			Page: po.T("enter your user name, or choose anonymous authentication if the virtual hub allows it"),
		}
	}
	return nil
}

func certificateIsWhole(p *Profile) error {
	if p.AuthType != AuthCertificate {
		return nil
	}
	if p.Cert.IsZero() {
		return &MissingError{Key: KeyCert, Help: "auth-type=certificate requires a certificate and its private key", Page: po.T("choose your certificate")}
	}
	if p.Key.IsZero() && !p.Cert.PKCS12() {
		return &MissingError{
			Key: KeyKey, Help: "auth-type=certificate requires the private key of the certificate too, unless cert is a PKCS#12 file ending in .p12 or .pfx",
			Page: po.T("choose the private key of the certificate, or a PKCS#12 file (.p12, .pfx) as the certificate, which contains both"),
		}
	}
	return nil
}

// PKCS12 reports whether the file is a PKCS#12 file, by its name.
func (f File) PKCS12() bool {
	ext := strings.ToLower(path.Ext(f.Path))
	return ext == ".p12" || ext == ".pfx"
}

func proxyIsWhole(p *Profile) error {
	if p.Proxy.Type != ProxyNone && p.Proxy.Server.IsZero() {
		return &MissingError{
			Key: KeyProxyServer, Help: "proxy-type=" + string(p.Proxy.Type) + " requires a proxy, as in proxy.example.com:3128",
			Page: po.T("enter the address and port of the proxy, as in proxy.example.com:3128"),
		}
	}
	return nil
}

func transportFits(p *Profile) error {
	if p.Proxy.Type != ProxyNone && p.Transport != TransportTCP {
		return &ValueError{Key: KeyTransport, Value: string(p.Transport), Allowed: "through a proxy only transport=tcp is possible", Page: po.T("only TCP is possible through a proxy")}
	}
	return nil
}

func halfDuplexHasPair(p *Profile) error {
	if p.HalfDuplex && p.MaxConnections < 2 {
		return &ValueError{
			Key: KeyHalfDuplex, Value: "yes", Allowed: "requires max-connections of 2 or more, one connection for each direction",
			Page: po.T("requires at least 2 TCP connections, one for each direction"),
		}
	}
	return nil
}

// deviceNameFits checks what the kernel requires of a name (dev_valid_name).
func deviceNameFits(p *Profile) error {
	n := p.InterfaceName
	if n == "" || len(n) <= 15 && n != "." && n != ".." && !strings.ContainsAny(n, "/: \t\v\f%") && plainText(n) == nil {
		return nil
	}
	return &ValueError{Key: "connection.interface-name", Value: shown(n), Allowed: "at most 15 bytes, without spaces, slashes, colons and percent signs"}
}

// ownerIsOne: files are read with the rights of the connection's user, so there must be one at most.
func ownerIsOne(p *Profile) error {
	if len(p.Users) > 1 && p.NamesFiles() {
		return &ValueError{Key: "connection.permissions", Value: shown(strings.Join(p.Users, ",")), Allowed: "files are read with the rights of one user; name one, or store certificates and keys as PEM text"}
	}
	return nil
}

// uuidIsThere: everything that identifies this computer to the server is derived from the UUID.
func uuidIsThere(p *Profile) error {
	if p.UUID == "" {
		return &MissingError{Key: "connection.uuid", Help: "every connection of NetworkManager has one; the caller must pass it on"}
	}
	return nil
}

// oddities warns of what is allowed but surely not meant.
func (p *Profile) oddities() []Warning {
	var w []Warning
	add := func(when bool, key, text string) {
		if when {
			w = append(w, Warning{key, text})
		}
	}
	proxied := p.Proxy.Type != ProxyNone
	add(!proxied && (!p.Proxy.Server.IsZero() || p.Proxy.User != ""), KeyProxyServer, "not used, as proxy-type is none")
	add(p.Proxy.Type == ProxySOCKS4 && p.Proxy.Password != "", SecretProxyPassword, "not sent, as SOCKS4 has no password")
	add(proxied && (p.UDPAcceleration == UDPYes || p.UDPAcceleration == UDPV1), KeyUDPAcceleration, "UDP does not pass the proxy; frames will use TCP")
	add(p.ServerCertCheck == CertCheckNo && p.Pin() == nil, KeyServerCertCheck, "the server's certificate is not checked; set server-cert-sha256 to be safe")
	add(p.Pin() != nil && !p.CA.IsZero(), KeyCA, "not used, as the fingerprint of the server's certificate alone decides")
	add(p.MTU < 1280 && !p.IPv6.Disabled, KeyMTU, "IPv6 needs 1280 or more and will not work")
	add(p.AuthType != AuthCertificate && !(p.Cert.IsZero() && p.Key.IsZero()), KeyCert, "not used, as auth-type is "+string(p.AuthType))
	return w
}
