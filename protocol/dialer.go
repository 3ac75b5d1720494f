// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"network-manager-softether/protocol/internal/datapath"
)

// A dialer opens the connections of a session and logs in. It is a Config that has been checked and had its
// defaults filled in.
type dialer struct {
	Config
	timing
	auth   Auth
	log    *slog.Logger
	member netip.AddrPort // the server after a redirect
	hop    string         // the proxy's host, if there is one
}

// newDialer checks cfg before anything is sent.
func newDialer(cfg *Config) (*dialer, error) {
	d := &dialer{Config: *cfg, timing: defaultTiming, auth: cfg.Auth, log: cfg.Logger}
	if cfg.timing != nil {
		d.timing = *cfg.timing
	}
	if d.udpVersion == 0 {
		d.udpVersion = 2
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.Product == "" {
		d.Product = DefaultProduct
	}
	if d.Version == 0 {
		d.Version = 100
	}
	if d.Build == 0 {
		d.Build = 1
	}
	if d.Dialer == nil {
		// The protocol has keep-alives of its own.
		d.Dialer = &net.Dialer{KeepAlive: -1}
	}
	if _, ok := d.Resolver.(*CachingResolver); !ok {
		d.Resolver = NewCachingResolver(d.Resolver)
	}
	var err error
	if d.Host, err = cleanHost(cfg.Host); err != nil {
		return nil, err
	}
	if d.Port == 0 {
		return nil, errors.New("port 0 is not a port")
	}
	if d.Proxy != nil {
		if d.hop, err = cleanHost(d.Proxy.Host()); err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	d.Hub, d.User = trimBlanks(cfg.Hub), trimBlanks(cfg.User)
	for _, f := range []struct{ name, value string }{{"hub", d.Hub}, {"user", d.User}, {"product", d.Product}} {
		if err := checkName(f.name, f.value); err != nil {
			return nil, err
		}
	}
	switch a := cfg.Auth.(type) {
	case nil:
		return nil, errors.New("no authentication given")
	case Anonymous, Password:
	case Later:
		switch a.As.(type) {
		case Password, PlainPassword:
		default:
			return nil, fmt.Errorf("unknown authentication %T inside Later", a.As)
		}
	case PlainPassword:
		if len(a.Secret) > maxNameLen {
			return nil, fmt.Errorf("plain password has %d bytes, a server takes %d", len(a.Secret), maxNameLen)
		}
		if strings.ContainsRune(a.Secret, 0) {
			return nil, errors.New("plain password contains a NUL")
		}
	case Certificate:
		if err := a.check(time.Now()); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("unknown authentication %T", a)
	}
	return d, nil
}

// connections is how many TCP connections are asked for.
func (d *dialer) connections() int { return min(max(d.MaxConnections, 1), datapath.MaxConns) }

// wantsHalf reports whether half-duplex connections are asked for.
func (d *dialer) wantsHalf() bool { return d.HalfDuplex && d.connections() >= 2 }

// wantsQoS reports whether a connection for urgent frames is asked for. With QoS a server grants two
// connections, or four half-duplex ones, whatever was asked for (softether-protocol.md 6.1).
func (d *dialer) wantsQoS() bool {
	if d.HalfDuplex {
		return d.QoS && d.connections() >= 4
	}
	return d.QoS && d.connections() >= 2
}

// interval is the pause between opening two additional connections.
func (d *dialer) interval() time.Duration { return max(d.ConnectionInterval, d.intervalMin) }
