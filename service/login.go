// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"network-manager-softether/profile"
	"network-manager-softether/profile/der"
	"network-manager-softether/profile/nodeid"
	"network-manager-softether/protocol"
)

// login is what it takes to log in, and what the user is asked for that.
type login struct {
	secrets     map[string]string // all that came so far: agents may return only what they were asked for
	config      *protocol.Config  // what the living session was dialled with, its secret sealed; nil before the first
	interactive bool              // there is somebody who can be asked
	editor      profileEditor     // takes back what was typed in place of an answer, see editWhileAsking
	rounds      map[string]int    // how often each secret was asked for
	lacking     *profile.Profile  // what NetworkManager was told to get secrets for, nil after Connect
	asked       asked             // what the user is, or was, being asked
	asking      question          // what NetworkManager was told to ask last
}

// sessionConfig makes what protocol dials with. It reads the files that the profile names with the rights of
// the profile's user, so it does not run in the loop.
func sessionConfig(p *profile.Profile, files *profileFiles, path *serverPath, notify func(protocol.Event), log *slog.Logger) (*protocol.Config, error) {
	cfg := &protocol.Config{
		Host:               p.Gateway.Host,
		Port:               p.Gateway.Port,
		Hub:                p.Hub,
		User:               p.User,
		UniqueID:           nodeid.UniqueID(p.UUID),
		MaxConnections:     p.MaxConnections,
		ConnectionInterval: p.ConnectionInterval,
		ConnectionLifetime: p.ConnectionLifetime,
		HalfDuplex:         p.HalfDuplex,
		Compression:        p.Compression,
		QoS:                p.QoS && p.MaxConnections > 1,
		BridgeMode:         p.BridgeMode,
		MonitorMode:        p.MonitorMode,
		UDP:                udpModes[p.UDPAcceleration],
		Resolver:           path.resolver,
		Notify:             notify,
		Logger:             log,
	}
	if len(p.ServerAddresses) > 0 {
		cfg.Resolver = known(p.ServerAddresses)
	}
	if cfg.UDP != protocol.UDPOff {
		path.roomy.open()
	}
	var err error
	if cfg.Dialer, err = path.dialer(p); err != nil {
		return nil, err
	}
	switch p.AuthType {
	case profile.AuthPassword:
		cfg.Auth = protocol.Password{Secret: p.Password.Reveal()}
	case profile.AuthPlainPassword:
		cfg.Auth = protocol.PlainPassword{Secret: p.Password.Reveal()}
	case profile.AuthAnonymous:
		cfg.Auth = protocol.Anonymous{}
	case profile.AuthCertificate:
		if cfg.Auth, err = identity(p, files); err != nil {
			return nil, err
		}
	}
	if cfg.Proxy, err = throughProxy(p, path); err != nil {
		return nil, err
	}
	if p.SendHostInfo {
		cfg.HostInfo = hostInfo()
	}
	cfg.Trust, err = trust(p, files, log)
	return cfg, err
}

// udpModes are the values of udp-acceleration as the protocol calls them.
var udpModes = map[profile.UDPAcceleration]protocol.UDPMode{
	profile.UDPNo:   protocol.UDPOff,
	profile.UDPAuto: protocol.UDPAuto,
	profile.UDPYes:  protocol.UDPYes,
	profile.UDPV1:   protocol.UDPV1,
}

// known are the addresses that a profile gives in place of every name.
type known []netip.Addr

// LookupNetIP implements [protocol.Resolver].
func (k known) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return k, nil }

// trust returns how the server's certificate is judged: by a pin, if there is one, otherwise according to
// server-cert-check.
func trust(p *profile.Profile, files *profileFiles, log *slog.Logger) (protocol.Trust, error) {
	if pin := p.Pin(); pin != nil {
		return protocol.Trust{Mode: protocol.TrustPin, Pin: pin}, nil
	}
	switch p.ServerCertCheck {
	case profile.CertCheckNo:
		log.Warn("the server's certificate is not checked (server-cert-check=no): anybody on the path can read and change everything",
			"remedy", "pin the certificate with server-cert-sha256")
		return protocol.Trust{Mode: protocol.TrustAny}, nil
	case profile.CertCheckPin:
		return protocol.Trust{Mode: protocol.TrustPin}, nil
	}
	t := protocol.Trust{Mode: protocol.TrustChain}
	if p.CA.IsZero() {
		_, err := x509.SystemCertPool() // read now, and kept by the package: later there is no permission to
		if err != nil {
			log.Warn("cannot read the system's certificate authorities", "error", err)
		}
		return t, nil
	}
	content, err := files.content(p.CA, p.Users)
	if err != nil {
		return t, &fileError{key: profile.KeyCA, err: err}
	}
	if t.Roots = roots(content); t.Roots == nil {
		return t, &fileError{key: profile.KeyCA, err: errors.New("there is no certificate in it, neither as PEM nor as DER or PKCS #7")}
	}
	return t, nil
}

// roots returns the certificates in a file, nil if it has none.
func roots(content []byte) *x509.CertPool {
	var pool *x509.CertPool
	for _, b := range der.Certificates(content) {
		cert, err := x509.ParseCertificate(b)
		if err != nil {
			continue // old authorities are among those in some bundles, which nobody reads any more
		}
		if pool == nil {
			pool = x509.NewCertPool()
		}
		pool.AddCert(cert)
	}
	return pool
}

// A fileError is about a file that a key names, or about the text in its place.
type fileError struct {
	key string
	err error
}

func (e *fileError) Error() string { return fmt.Sprintf("%s: %v", e.key, e.err) }
func (e *fileError) Unwrap() error { return e.err }
