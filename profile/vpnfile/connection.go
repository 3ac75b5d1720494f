// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"strconv"
	"strings"
	"unicode"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// A Connection is the part of a NetworkManager connection that a .vpn file is about.
type Connection struct {
	ID            string // connection.id
	UserName      string // vpn.user-name, which stands in for the key user
	Data, Secrets map[string]string
}

// Groups of keys that together say what some items say: see item.taken.
var (
	keysOfTrust  = []string{profile.KeyServerCertCheck, profile.KeyServerCertSHA, profile.KeyCA}
	keysOfAuth   = []string{profile.KeyAuthType, profile.KeyCert, profile.KeyKey}
	keysOfUser   = []string{profile.KeyUser}
	keysOfHost   = []string{profile.KeyGateway, profile.KeyTransport}
	keysOfProxy  = []string{profile.KeyProxyServer}
	keysOfSpread = []string{profile.KeyMaxConnections, profile.KeyHalfDuplex}
)

// Connection translates an account. Only what differs from a key's default is set. The warnings name, by the
// items of the file, what works differently here; besides, the key vpn-file-items keeps it for an export. The error is an
// *[ItemError] about a value that is damaged beyond doubt.
func (a *Account) Connection(fingerprint Fingerprint) (*Connection, []profile.Warning, error) {
	t := a.translate(fingerprint)
	if t.err == nil {
		t.keep()
	}
	for i := range profile.Keys {
		k := &profile.Keys[i]
		items := t.c.Data
		if k.Secret {
			items = t.c.Secrets
		}
		if err := k.Check(items[k.Name]); err != nil && t.err == nil {
			t.err = &ItemError{Item: t.origin[k.Name], Err: err}
		}
	}
	if t.err != nil {
		return nil, nil, t.err
	}
	return t.c, t.warnings, nil
}

// A translation is an account on its way to the keys.
type translation struct {
	a           *Account
	fingerprint Fingerprint
	c           *Connection
	warnings    []profile.Warning
	origin      map[string]string // key: the item it is from
	err         error
}

func (t *translation) warn(item, text string) {
	t.warnings = append(t.warnings, profile.Warning{Key: item, Text: text})
}

// set sets a key, unless it would say what its default says.
func (t *translation) set(key, item, value string) {
	t.origin[key] = item
	k := profile.Lookup(key)
	switch {
	case k.Secret:
		t.c.Secrets[key] = value
	case value != k.Default && value != "":
		t.c.Data[key] = value
	}
}

func (t *translation) yes(key, item string, on bool) {
	if on {
		t.set(key, item, "yes")
	}
}

// number sets a key to n or, where that is out of the key's range, to the nearest number within.
func (t *translation) number(key, item string, n uint32) {
	k := profile.Lookup(key)
	fit := min(max(int64(n), int64(k.Min)), int64(k.Max))
	if fit != int64(n) {
		t.warn(item, po.F("%d is out of range here; %s is %d", n, key, fit))
	}
	t.set(key, item, strconv.FormatInt(fit, 10))
}

// translate does the work, item by item, without a look at what gets lost.
func (a *Account) translate(fingerprint Fingerprint) *translation {
	t := &translation{a: a, fingerprint: fingerprint, origin: map[string]string{},
		c: &Connection{Data: map[string]string{}, Secrets: map[string]string{}}}
	t.server()
	t.user()
	t.serverCert()
	t.proxy()
	t.session()
	t.client()
	return t
}

func (t *translation) server() {
	a := t.a
	host, hint, hinted := strings.Cut(strings.TrimSpace(a.Hostname), "/")
	if host == "" {
		t.err = &ItemError{Item: "Hostname", Err: po.Error("there is no server")}
	}
	t.set(profile.KeyGateway, "Hostname", host)
	if hinted {
		t.hint(hint)
	}
	if e, err := profile.ParseEndpoint(host); err == nil && e.Port != 0 && uint32(e.Port) != a.Port {
		t.err = &ItemError{Item: "Hostname", Err: po.Errorf("%s has a port that differs from Port", shown(host))}
	}
	if a.Port == 0 {
		t.err = &ItemError{Item: "Port", Err: po.Error("0 is no port")}
	}
	t.set(profile.KeyPort, "Port", strconv.FormatUint(uint64(a.Port), 10))
	if a.PortUDP != 0 {
		t.warn("PortUDP", po.F("a direct UDP connection to port %d is not possible here; TCP is used", a.PortUDP))
	}
	t.set(profile.KeyHub, "HubName", strings.TrimSpace(a.HubName))
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, a.AccountName))
	if name == "" {
		name = host
	}
	t.c.ID = name
}

// hint reads what may follow the host: a word for "TCP only", or a name for SoftEther's rendezvous servers, with which
// NAT traversal alone is tried (softether-protocol.md 11.1).
func (t *translation) hint(hint string) {
	switch strings.ToLower(hint) {
	case "", "tcp", "disable", "disabled", "no", "none":
		return // transport=tcp, which is the default
	}
	host, _, _ := strings.Cut(strings.TrimSpace(t.a.Hostname), "/")
	t.set(profile.KeyGateway, "Hostname", host+"/"+hint)
	t.set(profile.KeyTransport, "Hostname", string(profile.TransportUDP))
	t.warn("Hostname", po.F("the part after the slash (%s) asks for NAT traversal; SoftEther's public servers help with it and learn the addresses of both ends", shown(hint)))
}

func (t *translation) user() {
	a := t.a
	t.set(profile.KeyUser, "Username", strings.TrimSpace(a.Username))
	switch a.AuthType {
	case authAnonymous:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthAnonymous))
	case authPassword:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthPassword))
		t.passwordOfHash()
	case authPlain:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthPlainPassword))
		t.password(profile.SecretPassword, "EncryptedPassword", a.EncryptedPassword)
	case authCert:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthCertificate))
		t.certificate()
	case authCard, authEngine:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthCertificate))
		t.warn("AuthType", po.T("the private key is on a smart card or in an OpenSSL engine, which is not possible here; set cert and key"))
		if len(a.ClientCert) > 0 {
			t.certificate()
		}
	default:
		t.err = &ItemError{Item: "AuthType", Err: po.Errorf("%d is none of the known kinds, 0 to 5", a.AuthType)}
	}
}

// passwordOfHash: a hash does not tell the password. The one password that can be recognised is the empty one.
func (t *translation) passwordOfHash() {
	a := t.a
	switch {
	case len(a.HashedPassword) == 0:
	case string(a.HashedPassword) == string(hashOf(a.Username, "")):
		t.set(profile.SecretPassword, "HashedPassword", "")
	default:
		t.warn("HashedPassword", po.T("the file has a hash of the password, not the password; it will be asked for"))
	}
}

// password reads a hidden password into a secret.
func (t *translation) password(secret, item string, hidden []byte) {
	password, ok := reveal(hidden)
	if !ok {
		t.err = &ItemError{Item: item, Err: po.Error("what is hidden there is no text")}
		return
	}
	t.set(secret, item, password)
}

func (t *translation) proxy() {
	a := t.a
	kinds := [...]profile.ProxyType{proxyDirect: profile.ProxyNone, proxyHTTP: profile.ProxyHTTP, proxySOCKS4: profile.ProxySOCKS4, proxySOCKS5: profile.ProxySOCKS5}
	if a.ProxyType >= uint32(len(kinds)) {
		t.err = &ItemError{Item: "ProxyType", Err: po.Errorf("%d is none of the known kinds, 0 to 3", a.ProxyType)}
		return
	}
	if a.ProxyType == proxyDirect {
		return // what is filled in beside is not used, and kept
	}
	t.set(profile.KeyProxyType, "ProxyType", string(kinds[a.ProxyType]))
	if a.ProxyPort == 0 || a.ProxyPort > 65535 {
		t.err = &ItemError{Item: "ProxyPort", Err: po.Errorf("%d is no port", a.ProxyPort)}
		return
	}
	host := strings.Trim(strings.TrimSpace(a.ProxyName), "[]")
	t.set(profile.KeyProxyServer, "ProxyName", profile.Endpoint{Host: host, Port: uint16(a.ProxyPort)}.String())
	t.set(profile.KeyProxyUser, "ProxyUsername", strings.TrimSpace(a.ProxyUsername))
	if len(a.ProxyPassword) > 0 {
		t.password(profile.SecretProxyPassword, "ProxyPassword", a.ProxyPassword)
	}
	if a.CustomHttpHeader != "" {
		t.warn("CustomHttpHeader", po.T("headers of one's own are not sent to the proxy here"))
	}
}

func (t *translation) session() {
	a := t.a
	t.number(profile.KeyMaxConnections, "MaxConnection", a.MaxConnection)
	t.number("connection-interval", "AdditionalConnectionInterval", a.AdditionalConnectionInterval)
	t.number("connection-lifetime", "ConnectionDisconnectSpan", a.ConnectionDisconnectSpan)
	if a.HalfConnection && a.MaxConnection < 2 {
		t.warn("HalfConnection", po.F("not set, as it needs two connections and MaxConnection is %d", a.MaxConnection))
	} else {
		t.yes(profile.KeyHalfDuplex, "HalfConnection", a.HalfConnection)
	}
	t.yes("compression", "UseCompress", a.UseCompress)
	t.yes("bridge-mode", "RequireBridgeRoutingMode", a.RequireBridgeRoutingMode)
	t.yes("monitor-mode", "RequireMonitorMode", a.RequireMonitorMode)
	if a.DisableQoS {
		t.set("qos", "DisableQoS", "no")
	}
	if a.NoUdpAcceleration {
		t.set(profile.KeyUDPAcceleration, "NoUdpAcceleration", string(profile.UDPNo))
	}
	t.number("reconnect-interval", "RetryInterval", a.RetryInterval)
	switch a.NumRetry {
	case retryForever:
	case 0:
		t.warn("NumRetry", po.T("never to try again cannot be had here; reconnect-attempts is 1"))
		t.set("reconnect-attempts", "NumRetry", "1")
	default:
		t.number("reconnect-attempts", "NumRetry", a.NumRetry)
	}
	if !a.UseEncrypt {
		t.warn("UseEncrypt", po.T("encryption is off in the file; here it is always on"))
	}
}

// client is about the program and the computer rather than the session.
func (t *translation) client() {
	a := t.a
	if a.NoRoutingTracking {
		t.warn("NoRoutingTracking", po.T("routes are NetworkManager's; to leave the default route as it is, set ipv4.never-default and ipv6.never-default"))
	}
	if a.StartupAccount {
		t.warn("StartupAccount", po.T("not connected at start by itself; make it a secondary of the connection it is to follow (connection.secondaries)"))
	}
	if a.BindLocalIP != "" && a.BindLocalIP != "0.0.0.0" && a.BindLocalIP != "::" || a.BindLocalPort != 0 {
		t.warn("BindLocalIP", po.T("the local address and port of the connection cannot be chosen here"))
	}
}
