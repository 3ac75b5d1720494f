// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// An Option describes a server.
type Option func(*settings)

// settings are what options set. The maps are never changed in place once a server runs.
type settings struct {
	listener net.Listener
	addr     string
	cert     *tls.Certificate
	tls      func(*tls.Config)

	product        string
	version, build uint32
	new502         bool

	hubs        map[string]*Hub // by folded name
	defaultHubs bool
	timeout     time.Duration // 0: by policy
	stepLimit   time.Duration
	noops       int
	noopEvery   time.Duration
	redirect    *Redirect
	member      bool

	noReattach  bool
	uncleanBug  bool
	noKeepAlive bool
	handler     func(*ServerSession)
	dhcp        *DHCP
	udp         *UDP
	faults      map[Step]Fault
}

func defaults() settings {
	return settings{
		addr:        ownAddr(),
		product:     "SoftEther VPN Server Developer Edition (64 bit) (Open Source)",
		version:     501,
		build:       9674,
		defaultHubs: true,
		hubs: map[string]*Hub{"test": {Name: "TEST", Users: []User{
			{Name: "alice", Password: "secret1"},
			{Name: "anon", Anonymous: true},
		}}},
		stepLimit: 15 * time.Second,
		noopEvery: 3 * time.Second,
		handler:   Sink,
		faults:    map[Step]Fault{},
	}
}

func (s *settings) apply(opts []Option) {
	for _, o := range opts {
		o(s)
	}
}

// servers counts the servers of this process.
var servers atomic.Uint32

// ownAddr returns a loopback address for one server only: a client that still knocks at a server that is gone
// must not find the next one at its port.
func ownAddr() string {
	n := servers.Add(1)
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 77, byte(n >> 8), byte(n)}), 0).String()
}

// WithAddr sets the address to listen on, one in 127.77.0.0/16 by default.
func WithAddr(addr string) Option { return func(s *settings) { s.addr = addr } }

// WithListener accepts connections from ln, which the server will close.
func WithListener(ln net.Listener) Option { return func(s *settings) { s.listener = ln } }

// WithCertificate replaces the self-signed certificate.
func WithCertificate(c tls.Certificate) Option { return func(s *settings) { s.cert = &c } }

// WithTLS lets f change the TLS configuration before the server starts.
func WithTLS(f func(*tls.Config)) Option { return func(s *settings) { s.tls = f } }

// WithHub adds the hub h, or replaces the one of that name. The first one also
// replaces the default hub TEST.
func WithHub(h Hub) Option {
	return func(s *settings) {
		if s.defaultHubs {
			s.hubs, s.defaultHubs = make(map[string]*Hub), false
		}
		s.hubs[foldASCII(h.Name)] = &h
	}
}

// WithProduct sets what the hello says.
func WithProduct(product string, version, build uint32) Option {
	return func(s *settings) { s.product, s.version, s.build = product, version, build }
}

// As501 makes the server speak as 5.01.9674 does, which is the default.
func As501() Option {
	return func(s *settings) {
		s.version, s.build, s.new502 = 501, 9674, false
	}
}

// As502 makes the server speak as 5.02 does, in everything that a client can tell and
// softether-protocol.md 15 lists:
//
//   - version and build of the hello: the builds began anew;
//   - noop packs carry 2, and come without being asked for, every 3 s while
//     [User.External] thinks;
//   - IPv4 addresses are in the IPv6 array, too;
//   - a low build may have the policies NoSavePassword and AutoDisconnect;
//   - the listener closes what one address has too much of without an answer: more
//     than 16 connections in short succession, 256 at a time, and any for 10 minutes
//     after 60 failed TLS handshakes;
//   - UDP keep-alives tell an address beside the port ([UDP].Announce);
//   - TCP segments inside of a session that was granted UDP are shortened, also while
//     nothing goes over UDP (but not those of [ServerSession.WriteBatch]).
//
// TLS is what crypto/tls offers in both, with the hybrid key exchange that 5.02 has. An
// unclean close harms nobody, but that is for [WithUncleanCloseBug] to say. What
// differs only in R-UDP (rudp_bulk_version) is not here: package rudptest has it.
func As502() Option {
	return func(s *settings) {
		s.version, s.build, s.new502 = 502, 5188, true
	}
}

// WithTimeout sets the session timeout of the Welcome, to whole milliseconds,
// whatever the policy TimeOut says. Real servers stay within 5 s to 60 s.
func WithTimeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// WithNoops sends n unsolicited noop packs before each answer to a login, one every d.
func WithNoops(n int, d time.Duration) Option {
	return func(s *settings) { s.noops, s.noopEvery = n, d }
}

// WithRedirect makes the server a cluster controller that sends sessions elsewhere. nil ends that.
func WithRedirect(r *Redirect) Option { return func(s *settings) { s.redirect = r } }

// AsMember makes the server a cluster member: users come with a ticket or get error 12.
func AsMember() Option { return func(s *settings) { s.member = true } }

// WithoutReattach ends a session with its last TCP connection, as the server
// setting DisableSessionReconnect does.
func WithoutReattach() Option { return func(s *settings) { s.noReattach = true } }

// WithUncleanCloseBug gives the server the bug of Debian's 9674: a connection that ends without close_notify
// takes the session's other connections, and each that is attached later, down with it after 0.26 s
// (softether-protocol.md 8.6).
func WithUncleanCloseBug() Option { return func(s *settings) { s.uncleanBug = true } }

// WithoutKeepAlive keeps the server from sending keep-alives.
func WithoutKeepAlive() Option { return func(s *settings) { s.noKeepAlive = true } }

// WithHandler sets what a new session runs, in a goroutine of its own; [Sink] by
// default. When it returns, frames from the client are discarded and the session
// goes on.
func WithHandler(f func(*ServerSession)) Option { return func(s *settings) { s.handler = f } }

// WithDHCP makes d answer DHCP and ARP in every session, before the handler sees such frames.
func WithDHCP(d *DHCP) Option { return func(s *settings) { s.dhcp = d } }

// WithFault makes the server misbehave at a step; a nil f makes it regular again.
func WithFault(at Step, f Fault) Option {
	return func(s *settings) { s.faults[at] = f }
}
