// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"time"

	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/pack"
)

// A control is a connection before it carries frames: TLS is up, and Packs go back
// and forth over the HTTP layer. It is used by one goroutine.
type control struct {
	raw    net.Conn
	wire   *datapath.Wire // between raw and tls; nil: raw is no socket
	tls    *tls.Conn
	br     *bufio.Reader // the only reader of tls
	addr   netip.AddrPort
	limits *timing
	hello  hello
	udp    *udpOffer   // nil: none
	bulk   bool        // bulk datagrams are offered
	stop   func() bool // ends the watch over the context

	mu        sync.Mutex
	cancelled bool // guarded by mu: deadlines stay in the past
}

// hello is the server's first Pack (softether-protocol.md 5).
type hello struct {
	product        string
	version, build uint32
	random         [keyLen]byte
}

// open connects to the first address that answers and goes on until the server
// has said hello. verify judges the certificate. When the TLS handshake fails for
// another reason than the certificate, the remaining addresses get a chance.
func (d *dialer) open(ctx context.Context, addrs []netip.AddrPort, verify func(tls.ConnectionState) error) (*control, error) {
	var first error
	for range maxTLSAttempts {
		raw, addr, err := d.race(ctx, addrs)
		if err != nil {
			return nil, cmpErr(first, err)
		}
		d.log.Debug("connected", "server", addr)
		var c *control
		if raw, err = d.throughProxy(ctx, raw, addr); err == nil {
			c, err = d.greet(ctx, raw, addr, verify)
		}
		if err == nil {
			return c, nil
		}
		first = cmpErr(first, err)
		var cert *CertificateError
		var refused *ServerError
		if errors.As(err, &cert) || errors.As(err, &refused) || proxyRefused(err) || ctx.Err() != nil {
			break
		}
		if addrs = without(addrs, addr); len(addrs) == 0 {
			break
		}
		d.log.Info("trying the server's other addresses", "failed", addr, "error", err)
	}
	return nil, first
}

func cmpErr(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

func without(addrs []netip.AddrPort, addr netip.AddrPort) []netip.AddrPort {
	var rest []netip.AddrPort
	for _, a := range addrs {
		if a != addr {
			rest = append(rest, a)
		}
	}
	return rest
}

// greet makes a control of a TCP connection, or closes it.
func (d *dialer) greet(ctx context.Context, raw net.Conn, addr netip.AddrPort, verify func(tls.ConnectionState) error) (*control, error) {
	below, wire := raw, datapath.NewWire(raw)
	if wire != nil {
		below = wire
	}
	t := tls.Client(below, &tls.Config{
		MinVersion:                  tls.VersionTLS12,
		CipherSuites:                cipherSuites,
		ServerName:                  d.Host, // crypto/tls sends no address as SNI
		InsecureSkipVerify:          true,   // verify does it, and better
		VerifyConnection:            verify,
		DynamicRecordSizingDisabled: true, // 16 KiB records from the start
	})
	hctx, cancel := context.WithTimeout(ctx, d.timing.tls)
	defer cancel()
	if err := t.HandshakeContext(hctx); err != nil {
		raw.Close()
		return nil, opError(ctx, "TLS", addr.String(), tlsError(err))
	}
	c := &control{raw: raw, wire: wire, tls: t, br: bufio.NewReaderSize(t, maxHTTPLine), addr: addr, limits: &d.timing}
	c.stop = context.AfterFunc(ctx, c.cancel)
	if err := c.greet(); err != nil {
		c.close()
		return nil, opError(ctx, "hello", addr.String(), err)
	}
	return c, nil
}

// tlsError says whether what answers speaks TLS at all.
func tlsError(err error) error {
	var (
		cert   *CertificateError
		header tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &cert), isTimeout(err), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &header):
		return fmt.Errorf("%w: %w", ErrNotSoftEther, err)
	}
	return fmt.Errorf("%w: %w", ErrTLS, err)
}

// greet sends the signature and reads the hello.
func (c *control) greet() error {
	if err := c.post(signaturePath, signatureType, []byte(signature)); err != nil {
		return err
	}
	p, err := c.receive(c.limits.step, c.limits.step)
	var refused *ServerError
	if errors.As(err, &refused) || errors.Is(err, ErrNotSoftEther) {
		return err
	} else if err != nil {
		return fmt.Errorf("no hello: %w", err)
	}
	c.hello = hello{product: plainLine(p.Str("hello")), version: p.Int("version"), build: p.Int("build")}
	if c.hello.product == "" || len(p.Data("random")) != keyLen {
		return fmt.Errorf("%w: its hello has no name or no challenge", ErrNotSoftEther)
	}
	copy(c.hello.random[:], p.Data("random"))
	return nil
}

// conn makes a connection in the data phase of c. What the server has sent behind
// its last Pack is kept.
func (c *control) conn(timeout time.Duration, dir datapath.Direction) *datapath.Conn {
	ahead, _ := c.br.Peek(c.br.Buffered())
	c.raw.SetDeadline(time.Time{})
	return datapath.NewConn(datapath.Link{Stream: c.tls, Raw: c.raw, Wire: c.wire, Addr: c.addr, Direction: dir}, ahead, timeout)
}

// send sends a Pack, padded by a random length, so that the length of an encrypted
// record does not tell that of a password.
func (c *control) send(p *pack.Pack) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1000))
	if err != nil {
		return err
	}
	pad := make([]byte, n.Int64())
	rand.Read(pad)
	p.AddData("pencore", pad)
	body, err := p.Marshal()
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	return c.post(packPath, packType, body)
}

func (c *control) post(path, contentType string, body []byte) error {
	c.setDeadline(c.limits.step)
	host := c.addr.Addr().String()
	if c.addr.Addr().Is6() {
		host = "[" + host + "]"
	}
	if _, err := c.tls.Write(appendRequest(nil, path, contentType, host, body)); err != nil {
		return noAnswer(err)
	}
	return nil
}

// receive returns the next Pack that is not a noop, each of which must come within
// wait, and all of them within total. A Pack with an error code is returned as
// *ServerError.
func (c *control) receive(wait, total time.Duration) (*pack.Pack, error) {
	end := time.Now().Add(total)
	for range maxNoops + 1 {
		c.setDeadline(min(wait, time.Until(end)))
		body, err := readResponse(c.br)
		if err != nil {
			return nil, err
		}
		p, err := pack.Parse(body)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if code := p.Int("error"); code != 0 {
			return nil, &ServerError{Code: ErrorCode(code), NoSavePassword: p.Bool("no_save_password")}
		}
		if p.Int("noop") == 0 {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: more than %d Packs that say nothing", ErrMalformed, maxNoops)
}

// setDeadline bounds what follows to d from now, unless the context has ended.
func (c *control) setDeadline(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cancelled {
		c.raw.SetDeadline(time.Now().Add(d))
	}
}

// cancel interrupts whatever goes on, for good.
func (c *control) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancelled = true
	c.raw.SetDeadline(time.Unix(1, 0))
}

// release ends the watch over the context: the connection now belongs to a session.
// It fails if the context ended first.
func (c *control) release() bool { return c.stop() }

// close ends the connection politely.
func (c *control) close() {
	c.stop()
	c.udp.close()
	hangUp(c.tls, c.raw, c.limits.closing)
}

// hangUp sends close_notify, for which it waits at most d, and closes. A server
// that misses the close_notify may take every other connection of the session for
// broken (softether-protocol.md 8.6).
func hangUp(t *tls.Conn, raw net.Conn, d time.Duration) {
	force := time.AfterFunc(d, func() { raw.Close() })
	defer force.Stop()
	t.Close()
}
