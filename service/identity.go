// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"

	"network-manager-softether/profile"
	"network-manager-softether/prompt"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/proxy"
	"network-manager-softether/service/usercert"
)

// identity reads the user's certificate and private key, with the rights of the profile's user.
func identity(p *profile.Profile, files *profileFiles) (protocol.Auth, error) {
	cert, err := files.content(p.Cert, p.Users)
	if err != nil {
		return nil, &fileError{key: profile.KeyCert, err: err}
	}
	var key []byte
	if !p.Key.IsZero() {
		if key, err = files.content(p.Key, p.Users); err != nil {
			return nil, &fileError{key: profile.KeyKey, err: err}
		}
	}
	var id *usercert.Identity
	onOwnStack(func() {
		if id, err = usercert.Load(cert, key, p.KeyPassword.Reveal()); err != nil {
			return
		}
		if open, ok := id.Key.(*rsa.PrivateKey); ok {
			id.Key = sealKey(open) // of another kind, which no server takes, the dialler says so
		}
	})
	if err != nil {
		about := profile.KeyKey
		if p.Key.IsZero() || errors.As(err, new(*usercert.CertError)) {
			about = profile.KeyCert
		}
		return nil, &fileError{key: about, err: err}
	}
	return protocol.Certificate{DER: bytes.Clone(id.DER), // the file's own copy will be overwritten
		Key: id.Key}, nil
}

// throughProxy returns the proxy of the profile, nil if there is none.
func throughProxy(p *profile.Profile, path *serverPath) (*proxy.Proxy, error) {
	if p.Proxy.Type == profile.ProxyNone {
		return nil, nil
	}
	kind := map[profile.ProxyType]proxy.Kind{
		profile.ProxyHTTP: proxy.HTTP, profile.ProxySOCKS4: proxy.SOCKS4, profile.ProxySOCKS5: proxy.SOCKS5,
	}[p.Proxy.Type]
	password := seal([]byte(p.Proxy.Password.Reveal()))
	px, err := proxy.New(proxy.Config{
		Kind: kind, Host: p.Proxy.Server.Host, Port: p.Proxy.Server.Port,
		User: p.Proxy.User, Password: password.open,
		Resolver: path.resolver,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", profile.KeyProxyServer, err)
	}
	return px, nil
}

// A secretQuestion is what to ask the user for.
type secretQuestion struct {
	name string // of the secret
	text string // why, for the user
}

// questionFor returns the secret that may help against err, false if none can.
func questionFor(err error, p *profile.Profile) (secretQuestion, bool) {
	server, refused := errors.AsType[*protocol.ServerError](err)
	hop, proxied := errors.AsType[*proxy.Error](err)
	switch {
	case errors.Is(err, usercert.ErrPasswordNeeded):
		return secretQuestion{profile.SecretKeyPassword, prompt.KeyPassword}, true
	case errors.Is(err, usercert.ErrWrongPassword):
		return secretQuestion{profile.SecretKeyPassword, prompt.KeyPasswordWrong}, true
	case proxied && hop.Reason == proxy.Denied && p.Proxy.User != "" && p.Proxy.Type != profile.ProxySOCKS4:
		return secretQuestion{profile.SecretProxyPassword, prompt.ProxyPassword}, true
	case refused && server.Code == protocol.CodeAuthFailed && (p.AuthType == profile.AuthPassword || p.AuthType == profile.AuthPlainPassword):
		return secretQuestion{profile.SecretPassword, prompt.Password}, true
	case refused && server.Code == protocol.CodePasswordReset && p.AuthType == profile.AuthPlainPassword:
		return secretQuestion{profile.SecretPassword, prompt.PasswordExpired}, true
	}
	return secretQuestion{}, false
}
