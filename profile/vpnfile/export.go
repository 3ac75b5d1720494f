// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"strconv"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// FromConnection translates a connection. The warnings name the keys whose meaning the format cannot express.
// A secret is written only if it is in c.Secrets and its flags say that NetworkManager stores it with the
// profile; as the format cannot say "ask", the official client asks for whatever is missing.
//
// A non-nil error is a [profile.ValueError] or [profile.MissingError] about a connection that could not
// connect either.
func FromConnection(c *Connection, fingerprint Fingerprint) (*Account, []profile.Warning, error) {
	for i := range profile.Keys {
		if k := &profile.Keys[i]; !k.Secret {
			if err := k.Check(c.Data[k.Name]); err != nil {
				return nil, nil, err
			}
		}
	}
	if c.Data[profile.KeyGateway] == "" {
		return nil, nil, &profile.MissingError{Key: profile.KeyGateway, Help: po.T("a connection without a server cannot be exported")}
	}
	a, warnings := fromKeys(c)
	a.restore(c, fingerprint)
	return a, append(warnings, lost(c, a, fingerprint)...), nil
}

// fromKeys does the work for the keys that have an equivalent.
func fromKeys(c *Connection) (*Account, []profile.Warning) {
	a := newAccount()
	get := func(key string) string { return effective(c.Data, key) }
	number := func(key string) uint32 {
		n, _ := strconv.ParseUint(get(key), 10, 32) // checked by the caller, or made by translate
		return uint32(n)
	}
	on := func(key string) bool { return get(key) == "yes" }

	a.AccountName = c.ID
	a.Hostname, a.Port = get(profile.KeyGateway), number(profile.KeyPort)
	if e, hint, err := profile.ParseGateway(c.Data[profile.KeyGateway]); err == nil {
		if e.Port != 0 {
			a.Port = uint32(e.Port)
		}
		if hint == profile.HintTCP {
			a.Hostname += "/" + hint
		}
	}
	a.HubName = get(profile.KeyHub)
	a.CheckServerCert = get(profile.KeyServerCertCheck) != string(profile.CertCheckNo) || c.Data[profile.KeyServerCertSHA] != ""
	a.AddDefaultCA = a.CheckServerCert && c.Data[profile.KeyServerCertSHA] == "" && c.Data[profile.KeyCA] == ""

	if e, err := profile.ParseEndpoint(c.Data[profile.KeyProxyServer]); err == nil {
		a.ProxyName, a.ProxyPort = e.Host, uint32(e.Port)
	}
	a.ProxyUsername = get(profile.KeyProxyUser)
	a.ProxyType = map[profile.ProxyType]uint32{profile.ProxyHTTP: proxyHTTP, profile.ProxySOCKS4: proxySOCKS4, profile.ProxySOCKS5: proxySOCKS5}[profile.ProxyType(get(profile.KeyProxyType))]
	if password, ok := c.stored(profile.SecretProxyPassword); ok {
		a.ProxyPassword = hide(password)
	}

	a.MaxConnection = number(profile.KeyMaxConnections)
	a.AdditionalConnectionInterval = number("connection-interval")
	a.ConnectionDisconnectSpan = number("connection-lifetime")
	a.HalfConnection, a.UseCompress, a.DisableQoS = on(profile.KeyHalfDuplex), on("compression"), !on("qos")
	a.RequireBridgeRoutingMode, a.RequireMonitorMode = on("bridge-mode"), on("monitor-mode")
	a.NoUdpAcceleration = get(profile.KeyUDPAcceleration) == string(profile.UDPNo)
	a.RetryInterval = number("reconnect-interval")
	if n := number("reconnect-attempts"); n > 0 {
		a.NumRetry = n
	}
	return a, a.login(c)
}

// login sets who the user is and how that is proved.
func (a *Account) login(c *Connection) (warnings []profile.Warning) {
	a.Username = c.Data[profile.KeyUser]
	if a.Username == "" {
		a.Username = c.UserName
	}
	password, stored := c.stored(profile.SecretPassword)
	switch profile.AuthType(effective(c.Data, profile.KeyAuthType)) {
	case profile.AuthAnonymous:
		a.AuthType = authAnonymous
	case profile.AuthPlainPassword:
		a.AuthType = authPlain
		if stored {
			a.EncryptedPassword = hide(password)
		}
	case profile.AuthPassword:
		a.AuthType = authPassword
		if stored {
			a.HashedPassword = hashOf(a.Username, password)
		}
	case profile.AuthCertificate:
		a.AuthType = authCert
		for _, part := range []struct {
			key  string
			read func(string) ([]byte, error)
			to   *[]byte
		}{{profile.KeyCert, certDER, &a.ClientCert}, {profile.KeyKey, keyDER, &a.ClientKey}} {
			text := c.Data[part.key]
			if text == "" {
				continue
			}
			if text[0] == '/' {
				warnings = append(warnings, profile.Warning{Key: part.key, Text: po.T("the path of a file; the format can only hold its content, so it is left out")})
				continue
			}
			der, err := part.read(text)
			if err != nil {
				warnings = append(warnings, profile.Warning{Key: part.key, Text: po.F("left out: %v", err)})
				continue
			}
			*part.to = der
		}
	}
	return warnings
}

// stored returns a secret that NetworkManager keeps with the profile.
func (c *Connection) stored(secret string) (string, bool) {
	value, ok := c.Secrets[secret]
	return value, ok && profile.FlagsOf(c.Data, secret) == 0
}

// lost warns of every key whose value an import of the account would not restore.
func lost(c *Connection, a *Account, fingerprint Fingerprint) []profile.Warning {
	var warnings []profile.Warning
	then := a.translate(fingerprint).c.Data
	for i := range profile.Keys {
		k := &profile.Keys[i]
		if k.Secret || k.Kind == profile.KindFlags || k.Name == profile.KeyVPNFileItems || c.Data[k.Name] == "" {
			continue
		}
		switch k.Name {
		case profile.KeyCert, profile.KeyKey, profile.KeyPort: // login has warned; a port may be in the gateway
			continue
		case profile.KeyServerCertCheck: // "pin" adds nothing to the fingerprint
			if then[profile.KeyServerCertSHA] != "" {
				continue
			}
		}
		if !agree(then, c.Data, []string{k.Name}) {
			warnings = append(warnings, profile.Warning{Key: k.Name, Text: lostText(k.Name)})
		}
	}
	return warnings
}

func lostText(key string) string {
	switch key {
	case profile.KeyServerCertSHA:
		return po.T("left out: the format has no fingerprints, only whole certificates; set it again after an import")
	case profile.KeyServerCertCheck:
		return po.T("written as CheckServerCert false; NetworkManager verifies the certificate after an import all the same, and asks")
	case profile.KeyUDPAcceleration:
		return po.T("the format supports only on and off")
	}
	return po.T("left out: the format does not support it")
}
