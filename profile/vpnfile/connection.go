// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"strconv"
	"strings"
	"unicode"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// A Connection is the part of a NetworkManager connection that a .vpn file covers.
type Connection struct {
	ID            string // connection.id
	UserName      string // vpn.user-name, which stands in for the key user
	Data, Secrets map[string]string

	// Gate says that the connection leads to a VPN Gate relay: to a network full of strangers, so that it
	// needs the properties beyond Data that profile.GateHub describes.
	Gate bool
}

// Groups of keys that together correspond to some items: see item.taken.
var (
	keysOfTrust  = []string{profile.KeyServerCertCheck, profile.KeyServerCertSHA, profile.KeyCA}
	keysOfAuth   = []string{profile.KeyAuthType, profile.KeyCert, profile.KeyKey}
	keysOfUser   = []string{profile.KeyUser}
	keysOfHost   = []string{profile.KeyGateway, profile.KeyTransport}
	keysOfProxy  = []string{profile.KeyProxyServer}
	keysOfSpread = []string{profile.KeyMaxConnections, profile.KeyHalfDuplex}
)

// Connection translates an account. Only what differs from a key's default is set. The warnings name, by the
// items of the file, what works differently here and what no key can express; the key vpn-file-items keeps
// the latter for an export. A non-nil error is an *[ItemError] about what the official client refuses as
// well.
func (a *Account) Connection(fingerprint Fingerprint) (*Connection, []profile.Warning, error) {
	if a.AccountName == "" {
		return nil, nil, &ItemError{Item: "AccountName", Err: po.Error("the account has no name; the official client refuses it, too")}
	}
	t := a.translate(fingerprint)
	if t.err != nil {
		return nil, nil, t.err
	}
	t.keep()
	return t.c, t.warnings, nil
}

// A translation is an account being translated to keys.
type translation struct {
	a           *Account
	fingerprint Fingerprint
	c           *Connection
	warnings    []profile.Warning
	err         error // the official client refuses the account
}

func (t *translation) warn(item, text string) {
	t.warnings = append(t.warnings, profile.Warning{Key: item, Text: text})
}

// set sets a key, unless the value is its default. A value that the key cannot have is left out, with a
// warning.
func (t *translation) set(key, item, value string) {
	k := profile.Lookup(key)
	if err := k.Check(value); err != nil {
		t.warn(item, po.F("left out: %v", err))
		return
	}
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

// number sets a key to n or, if that is out of the key's range, to the nearest number in it.
func (t *translation) number(key, item string, n uint32) {
	k := profile.Lookup(key)
	fit := min(max(int64(n), int64(k.Min)), int64(k.Max))
	if fit != int64(n) {
		t.warn(item, po.F("%d is out of range here; %s is set to %d", n, key, fit))
	}
	t.set(key, item, strconv.FormatInt(fit, 10))
}

// name cuts a name where the official client does.
func (t *translation) name(item, s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= maxText {
		return s
	}
	t.warn(item, po.F("cut after %d bytes, as by the official client", maxText))
	return strings.TrimSpace(strings.ToValidUTF8(s[:maxText], ""))
}

// translate does the work, item by item, regardless of what gets lost.
func (a *Account) translate(fingerprint Fingerprint) *translation {
	t := &translation{a: a, fingerprint: fingerprint, c: &Connection{Data: map[string]string{}, Secrets: map[string]string{}}}
	t.server()
	t.user()
	t.serverCert()
	t.proxy()
	t.session()
	t.gate()
	t.client()
	return t
}

func (t *translation) server() {
	a := t.a
	host := t.gateway()
	switch e, err := profile.ParseEndpoint(host); {
	case err == nil && e.Port != 0:
		if uint32(e.Port) != a.Port {
			t.warn("Port", po.F("%s has a port, so %d is not used", shown(host), a.Port))
		}
	case a.Port == 0 || a.Port > 65535:
		t.warn("Port", po.F("%d is not a port; %s is used", a.Port, profile.Lookup(profile.KeyPort).Default))
	default:
		t.set(profile.KeyPort, "Port", strconv.FormatUint(uint64(a.Port), 10))
	}
	if a.PortUDP != 0 {
		t.warn("PortUDP", po.F("a direct UDP connection to port %d is not possible here; TCP is used", a.PortUDP))
	}
	t.set(profile.KeyHub, "HubName", t.name("HubName", a.HubName))
	t.c.ID = connectionName(a.AccountName)
	if t.c.ID == "" {
		t.c.ID = host
	}
	if t.c.ID == "" {
		t.c.ID = "SoftEther"
	}
}

// connectionName makes a name that any program can show.
func connectionName(s string) string {
	runes := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)))
	return strings.TrimSpace(string(runes[:min(len(runes), maxText)]))
}

// gateway sets the server, and returns it without what may follow: a word for "TCP only", or a name for
// SoftEther's rendezvous servers, with which only NAT traversal is tried (softether-protocol.md 11.1).
func (t *translation) gateway() (host string) {
	host, hint, _ := strings.Cut(strings.TrimSpace(t.a.Hostname), "/")
	if host == "" {
		t.warn("Hostname", po.T("the file has no server; set one before you connect (gateway)"))
		return ""
	}
	switch strings.ToLower(hint) {
	case "", "tcp", "disable", "disabled", "no", "none": // transport=tcp, which is the default
		t.set(profile.KeyGateway, "Hostname", host)
		return host
	}
	t.set(profile.KeyGateway, "Hostname", host+"/"+hint)
	if t.c.Data[profile.KeyGateway] == "" { // a URL, say, which asks for nothing
		return host
	}
	t.set(profile.KeyTransport, "Hostname", string(profile.TransportUDP))
	t.warn("Hostname", po.F("the part after the slash (%s) asks for NAT traversal, which uses SoftEther's public servers; they learn the addresses of both ends", shown(hint)))
	return host
}

func (t *translation) proxy() {
	a := t.a
	kinds := [...]profile.ProxyType{proxyDirect: profile.ProxyNone, proxyHTTP: profile.ProxyHTTP, proxySOCKS4: profile.ProxySOCKS4, proxySOCKS5: profile.ProxySOCKS5}
	switch {
	case a.ProxyType == proxyDirect:
		return // the other items about a proxy are not used, but kept
	case a.ProxyType >= uint32(len(kinds)):
		t.warn("ProxyType", po.F("%d is not a known proxy type (0 to 3); no proxy is used", a.ProxyType))
		return
	}
	t.set(profile.KeyProxyType, "ProxyType", string(kinds[a.ProxyType]))
	proxy := profile.Endpoint{Host: strings.Trim(strings.TrimSpace(a.ProxyName), "[]")}
	if a.ProxyPort <= 65535 {
		proxy.Port = uint16(a.ProxyPort)
	}
	if proxy.Host == "" {
		t.warn("ProxyName", po.T("the file has no proxy address; set one before you connect (proxy-server)"))
	} else {
		t.set(profile.KeyProxyServer, "ProxyName", proxy.String())
	}
	t.set(profile.KeyProxyUser, "ProxyUsername", t.name("ProxyUsername", a.ProxyUsername))
	if len(a.ProxyPassword) > 0 {
		t.password(profile.SecretProxyPassword, "ProxyPassword", a.ProxyPassword)
	}
	if a.CustomHttpHeader != "" {
		t.warn("CustomHttpHeader", po.T("custom headers are not sent to the proxy here"))
	}
}
