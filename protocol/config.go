// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"

	"network-manager-softether/protocol/proxy"
)

// DefaultProduct is how the client calls itself. It has none of the words client,
// server and bridge, which switch the server's behaviour (softether-protocol.md 6.8).
const DefaultProduct = "network-manager-softether"

// Config says where to log in, as whom, and how far to trust the server. It is
// read, never changed, and must not change while a session made from it lives.
type Config struct {
	// Host is a name, an IPv4 or an IPv6 address (with or without brackets).
	Host string
	Port uint16
	// Hub and User are stripped of blanks at both ends, as the server does.
	Hub, User string
	Auth      Auth
	Trust     Trust
	// UniqueID must stay the same for a profile: with a policy MultiLogins the
	// server does not count a half-dead session that has the same one.
	UniqueID [16]byte
	// Product, Version and Build are what the server's log shows. Empty means
	// [DefaultProduct], 100 (1.00) and 1.
	Product        string
	Version, Build uint32
	// HostInfo is what the server is told about this computer; nil tells nothing.
	HostInfo *HostInfo
	// MaxConnections is how many TCP connections the session may use, at most 32; 0
	// means 1. The server may grant fewer.
	MaxConnections int
	// ConnectionInterval is the pause before another one is opened, at least 1 s.
	ConnectionInterval time.Duration
	// ConnectionLifetime is how long each lives before it is replaced; 0 is for ever.
	ConnectionLifetime time.Duration
	// HalfDuplex uses each connection in one direction only; it needs two of them.
	HalfDuplex bool
	// QoS reserves a connection for urgent frames; it needs two that lead to the
	// server, that is four with HalfDuplex.
	QoS bool
	// Compression compresses each frame by itself. It costs more than it gains, unless
	// the path is slow and what it carries is not encrypted or compressed already.
	Compression             bool
	BridgeMode, MonitorMode bool
	// Proxy leads to the server; nil means none. Dialer and Resolver then are for the
	// proxy's address, and the server's name is for the proxy to look up.
	Proxy *proxy.Proxy
	// UDP says when frames travel over UDP, too.
	UDP UDPMode
	// Dialer opens TCP connections, and UDP ones where UDP is not off; nil means a
	// [net.Dialer]. One that refuses "udp" keeps the session on TCP.
	Dialer Dialer
	// Resolver looks names up; nil means [net.DefaultResolver]. Hand in one
	// [*CachingResolver] for every Dial of a profile, and a name that was once
	// resolved survives a resolver that sits behind the dead tunnel.
	Resolver Resolver
	// Notify is told about loss and return of the connection. It may be nil. It is
	// called from the session's goroutines, one call at a time, and must not block.
	Notify func(Event)
	// Logger gets no secret. nil discards.
	Logger *slog.Logger

	timing     *timing // nil: defaultTiming
	udpVersion int     // highest one to offer; 0: 2
}

// A Dialer opens TCP connections. [net.Dialer] is one.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// A Resolver looks up host names. [net.Resolver] is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// HostInfo is shown in the server's log, each field cut to 63 bytes. With it the
// local address and port of the connection are sent, too.
type HostInfo struct {
	Hostname  string
	OSName    string // "Linux"
	OSVersion string // "Debian GNU/Linux 12"
}

// Auth is how the user proves who they are: [Anonymous], [Password], [PlainPassword]
// or [Certificate].
type Auth interface {
	// authName is for the log.
	authName() string
}

// Anonymous proves nothing.
type Anonymous struct{}

// Password sends a hash of the password and the server's challenge. It is for
// users whose password the hub itself keeps.
type Password struct{ Secret string }

// PlainPassword sends the password, for servers that hand it on to RADIUS or an
// NT domain. Blanks at both ends are lost on the way (softether-protocol.md 4).
type PlainPassword struct{ Secret string }

func (Anonymous) authName() string     { return "anonymous" }
func (Password) authName() string      { return "password" }
func (PlainPassword) authName() string { return "plain-password" }

// String hides the secret, so that a Config may be printed.
func (Password) String() string { return "password (hidden)" }

// GoString hides the secret, for %#v.
func (p Password) GoString() string { return p.String() }

// String hides the secret, so that a Config may be printed.
func (PlainPassword) String() string { return "plain password (hidden)" }

// GoString hides the secret, for %#v.
func (p PlainPassword) GoString() string { return p.String() }

// An Event tells about the session's connections: [Detached] or [Reattached], [Silent], [Moved] or [Stayed].
type Event interface{ event() }

// Detached tells that the last connection is lost, for the reason Err. The session is being
// re-attached, and frames are dropped until [Reattached] or the end.
type Detached struct{ Err error }

// Reattached tells that frames flow again, after After of silence. Addr is the address now
// connected to, as in [Info], and Move the last one of [Session.Move] before, 0 if there was none.
type Reattached struct {
	Move  int
	After time.Duration
	Addr  netip.AddrPort
}

func (Detached) event()   {}
func (Reattached) event() {}

// cleanHost returns host as the resolver, SNI and the certificate check want it:
// without brackets and final dot, and in ASCII (RFC 5891).
func cleanHost(host string) (string, error) {
	h := strings.TrimSuffix(strings.TrimSpace(host), ".")
	if strings.HasPrefix(h, "[") && strings.HasSuffix(h, "]") {
		h = h[1 : len(h)-1]
	}
	if h == "" {
		return "", errors.New("no host given")
	}
	if _, err := netip.ParseAddr(h); err == nil {
		return h, nil
	}
	for _, r := range h {
		if r >= 0x80 {
			a, err := idna.Lookup.ToASCII(h)
			if err != nil {
				return "", fmt.Errorf("host %q is not a valid name: %w", host, err)
			}
			return a, nil
		}
		if r <= ' ' || r == 0x7f || strings.ContainsRune("/:[]@", r) {
			return "", fmt.Errorf("host %q contains %q, which no host name has", host, r)
		}
	}
	return h, nil
}

func checkName(what, value string) error {
	if len(value) > maxNameLen {
		return fmt.Errorf("%s has %d bytes, a server takes %d", what, len(value), maxNameLen)
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("%s %q contains a control character", what, value)
	}
	return nil
}

// trimBlanks strips what the server strips (softether-protocol.md 4).
func trimBlanks(s string) string { return strings.Trim(s, " \t") }
