// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Limit bounds the dialogue on one connection, during which the proxy has to connect to the server: 10 s is
// what a TCP connection is given elsewhere too (softether-protocol.md 1).
const Limit = 10 * time.Second

// maxCredential is the maximum length of user name and password in bytes (RFC 1929 2).
const maxCredential = 255

// A Kind is the protocol a proxy speaks.
type Kind uint8

// The kinds.
const (
	HTTP   Kind = iota // CONNECT
	SOCKS4             // names by the extension 4a
	SOCKS5
)

// String returns the usual name of the protocol.
func (k Kind) String() string {
	switch k {
	case SOCKS4:
		return "SOCKS4"
	case SOCKS5:
		return "SOCKS5"
	}
	return "HTTP"
}

// A Resolver looks up host names. [net.Resolver] is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Config says which proxy, and as whom.
type Config struct {
	Kind Kind
	// Host is a name or an address, without brackets.
	Host string
	Port uint16
	// User is empty if the proxy wants no authentication. SOCKS4 has no password.
	User string
	// Password returns the password for one login, in memory that is overwritten afterwards. nil: it is
	// empty.
	Password func() []byte
	// Resolver looks up the server's name for a SOCKS4 proxy that does not know the extension 4a. nil: such a
	// proxy can only be used with IPv4 addresses.
	Resolver Resolver
}

// A Proxy is one proxy. It is safe for concurrent use, and remembers which authentication the proxy accepted.
type Proxy struct {
	cfg Config

	mu     sync.Mutex
	answer *answer // guarded by mu: what was accepted last; nil: not known
}

// New returns the proxy described by cfg. The error is about what cannot be sent to a proxy of that kind.
func New(cfg Config) (*Proxy, error) {
	if cfg.Host == "" || cfg.Port == 0 {
		return nil, errors.New("a proxy needs a host and a port")
	}
	if cfg.Password == nil {
		cfg.Password = func() []byte { return nil }
	}
	password := cfg.Password()
	defer clear(password)
	for _, c := range []struct {
		what  string
		value []byte
	}{{"user name", []byte(cfg.User)}, {"password", password}} {
		if len(c.value) > maxCredential {
			return nil, fmt.Errorf("proxy %s has %d bytes, allowed are %d", c.what, len(c.value), maxCredential)
		}
		if bytes.ContainsFunc(c.value, unicode.IsControl) {
			return nil, fmt.Errorf("proxy %s contains a control character", c.what)
		}
	}
	return &Proxy{cfg: cfg}, nil
}

// Host returns the proxy's own name or address.
func (p *Proxy) Host() string { return p.cfg.Host }

// Port returns the proxy's own port.
func (p *Proxy) Port() uint16 { return p.cfg.Port }

// String returns kind, host and port, and no secret.
func (p *Proxy) String() string { return fmt.Sprintf("%v proxy %s", p.cfg.Kind, p.addr()) }

// GoString is String, for %#v.
func (p *Proxy) GoString() string { return p.String() }

func (p *Proxy) addr() string {
	return net.JoinHostPort(p.cfg.Host, strconv.Itoa(int(p.cfg.Port)))
}

// Error returns err, which kept a connection to target from even reaching the proxy, as an error of this
// package: the proxy itself cannot be reached.
func (p *Proxy) Error(target string, err error) error {
	return &Error{Kind: p.cfg.Kind, Proxy: p.addr(), Target: target, Reason: Unreachable, Err: err}
}

// Connect asks the proxy at the other end of conn for a connection to target, a host and port whose host may
// be a name. Some proxies must be asked again over a new connection, which again opens. Connect returns the
// connection that now leads to target, and closes all others; on an error, it closes all. The error is an
// [*Error].
func (p *Proxy) Connect(ctx context.Context, conn net.Conn, again func(context.Context) (net.Conn, error), target string) (net.Conn, error) {
	d := &dialogue{ctx: ctx, conn: conn, again: again}
	err := p.ask(d, target)
	if err == nil {
		return d.conn, nil
	}
	d.conn.Close()
	e := &Error{Kind: p.cfg.Kind, Proxy: p.addr(), Target: target, Reason: Failed, Err: err}
	if c, ok := errors.AsType[*cause](err); ok {
		e.Reason = c.reason
	}
	if ctx.Err() != nil {
		e.Err = context.Cause(ctx)
	}
	return nil, e
}

func (p *Proxy) ask(d *dialogue, target string) error {
	host, port, err := splitTarget(target)
	if err != nil {
		return err
	}
	switch p.cfg.Kind {
	case SOCKS4:
		return p.socks4(d, host, port)
	case SOCKS5:
		return d.hold(func() error { return p.socks5(d.conn, host, port) })
	}
	return p.http(d, target)
}

func splitTarget(target string) (host string, port uint16, err error) {
	host, number, err := net.SplitHostPort(target)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || host == "" || len(host) > maxHost || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", 0, fmt.Errorf("%q is not a host and port", target)
	}
	return host, uint16(n), nil
}

// maxHost is the maximum length in bytes of a host name in SOCKS5.
const maxHost = 255

// A dialogue is a connection to the proxy, which may be replaced by a new one.
type dialogue struct {
	ctx   context.Context
	conn  net.Conn
	again func(context.Context) (net.Conn, error)
}

// hold runs f within Limit and the context, and clears the connection's deadline afterwards.
func (d *dialogue) hold(f func() error) error {
	conn := d.conn
	conn.SetDeadline(time.Now().Add(Limit))
	stop := context.AfterFunc(d.ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	err := f()
	if !stop() && err == nil {
		err = d.ctx.Err()
	}
	if err == nil {
		conn.SetDeadline(time.Time{})
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it hung up instead of answering")
	}
	return err
}

// renew replaces the connection with a new one.
func (d *dialogue) renew() error {
	d.conn.Close()
	conn, err := d.again(d.ctx)
	if err != nil {
		return &cause{Unreachable, err}
	}
	d.conn = conn
	return nil
}
