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

// DefaultProduct is what the client calls itself. It contains none of the words client, server and bridge,
// which would change the server's behaviour (softether-protocol.md 6.8).
const DefaultProduct = "network-manager-softether"

// Config says where to log in, as whom, and how far to trust the server. It is never changed by this package,
// and must not be changed while a session made from it lives.
type Config struct {
	// Host is a name, an IPv4 or an IPv6 address (with or without brackets).
	Host string
	Port uint16
	// Hub and User are trimmed of blanks at both ends, as the server does.
	Hub, User string
	Auth      Auth
	Trust     Trust
	// UniqueID must stay the same for a profile: under the policy MultiLogins, a server does not count a
	// half-dead session with the same ID.
	UniqueID [16]byte
	// Product, Version and Build are what the server's log shows. Empty means
	// [DefaultProduct], 100 (1.00) and 1.
	Product        string
	Version, Build uint32
	// HostInfo is what the server is told about this computer; nil tells nothing.
	HostInfo *HostInfo
	// MaxConnections is the most TCP connections that the session may use, at most 32; 0 means 1. The server
	// may grant fewer.
	MaxConnections int
	// ConnectionInterval is the pause before the next one is opened, at least 1 s.
	ConnectionInterval time.Duration
	// ConnectionLifetime is how long each lives before it is replaced; 0 means for ever.
	ConnectionLifetime time.Duration
	// HalfDuplex uses each connection in one direction only, which takes at least two.
	HalfDuplex bool
	// QoS reserves a connection for urgent frames. It takes two connections that lead to the server, which is
	// four with HalfDuplex.
	QoS bool
	// Compression compresses each frame by itself. It costs more than it gains unless the path is slow and
	// most of the traffic is neither encrypted nor compressed already.
	Compression             bool
	BridgeMode, MonitorMode bool
	// Proxy leads to the server; nil means none. With one, Dialer and Resolver are used for the proxy's
	// address, and the proxy looks up the server's name.
	Proxy *proxy.Proxy
	// UDP says when frames also travel over UDP.
	UDP UDPMode
	// Dialer opens TCP connections, and UDP ones unless UDP is off; nil means a [net.Dialer]. A Dialer that
	// refuses "udp" keeps the session on TCP.
	Dialer Dialer
	// Resolver looks names up; nil means [net.DefaultResolver]. Pass the same [*CachingResolver] to every
	// Dial of a profile, so that a name resolved once still resolves when the resolver sits behind the dead
	// tunnel.
	Resolver Resolver
	// Notify is told every [Event]. It may be nil. It is called by Dial and then from the session's goroutines,
	// one call at a time, and must not block.
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

// HostInfo is shown in the server's log, each field cut to 63 bytes. With it, the local address and port of
// the connection are sent as well.
type HostInfo struct {
	Hostname  string
	OSName    string // "Linux"
	OSVersion string // "Debian GNU/Linux 12"
}

// Auth is how the user proves who they are: [Anonymous], [Password], [PlainPassword],
// [Later] or [Certificate].
type Auth interface {
	// authName is for the log.
	authName() string
}

// Anonymous proves nothing.
type Anonymous struct{}

// Password sends a hash of the password and the server's challenge. It is for
// users whose password the hub itself keeps.
type Password struct{ Secret string }

// PlainPassword sends the password itself, for servers that pass it on to RADIUS or an NT domain. Blanks at
// both ends are lost on the way (softether-protocol.md 4).
type PlainPassword struct{ Secret string }

// Later is a [Password] or [PlainPassword] whose secret is opened for each login, when the server's
// certificate has been judged, and overwritten as soon as the login has been put together.
type Later struct {
	As     Auth          // without its secret
	Secret func() []byte // returns a new copy each time
}

func (l Later) authName() string       { return l.As.authName() }
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

// An Event tells about the session's connections: [LoginSent], [Detached], [Reattached], [Silent], [Moved] or [Stayed].
type Event interface{ event() }

// LoginSent tells that a login is on its way, so what its secrets have left in memory is garbage. How long the
// answer takes is up to the server.
type LoginSent struct{}

func (LoginSent) event() {}

// Detached tells that the last connection was lost, with the reason in Err. The session is being re-attached,
// and frames are dropped until [Reattached] or the end.
type Detached struct{ Err error }

// Reattached tells that frames flow again after an interruption of After. Addr is the address now connected to,
// as in [Info], and Move the number of the last [Session.Move], 0 if there was none.
type Reattached struct {
	Move  int
	After time.Duration
	Addr  netip.AddrPort
}

func (Detached) event()   {}
func (Reattached) event() {}

// cleanHost returns host in the form that the resolver, SNI and the certificate check expect: without
// brackets and final dot, and in ASCII (RFC 5891).
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

// trimBlanks trims what the server trims (softether-protocol.md 4).
func trimBlanks(s string) string { return strings.Trim(s, " \t") }
