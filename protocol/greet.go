// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"network-manager-softether/protocol/internal/datapath"
)

// hello is the server's first Pack (softether-protocol.md 5).
type hello struct {
	product        string
	version, build uint32
	random         [keyLen]byte
}

// open connects to the first target that answers and goes on until the server has said hello. verify judges
// the certificate. If the TLS handshake fails for another reason than the certificate, the remaining
// addresses are tried. They are for that reason, too, where a look-up has just brought the one that failed, or
// may tell in a moment that it is the server's no more.
func (d *dialer) open(ctx context.Context, t targets, verify func(tls.ConnectionState) error) (*control, error) {
	var first error
	for range maxTLSAttempts {
		raw, addr, err := d.race(ctx, t)
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
		if ctx.Err() != nil {
			break
		}
		var cert *CertificateError
		var refused *ServerError
		sure, hearsay := t.sure(addr, d.timing.sure)
		stale := t.lead > 0 && errors.As(err, &cert)
		switch {
		case proxyRefused(err):
			return nil, first
		case hearsay:
			t = sure
		case errors.As(err, &refused) || errors.As(err, &cert) && !stale:
			return nil, first
		default:
			if t = t.without(addr); len(t.list) == 0 && !stale {
				return nil, first
			}
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

// greet makes a control of a TCP connection, which it closes if that fails.
func (d *dialer) greet(ctx context.Context, raw net.Conn, addr netip.AddrPort, verify func(tls.ConnectionState) error) (*control, error) {
	below, wire := raw, datapath.NewWire(raw)
	if wire != nil {
		below = wire
	}
	t := tls.Client(below, &tls.Config{
		MinVersion:                  tls.VersionTLS12,
		CipherSuites:                cipherSuites,
		ServerName:                  d.Host, // crypto/tls sends no SNI for an IP address
		InsecureSkipVerify:          true,   // VerifyConnection judges the certificate instead
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

// tlsError tells a failed handshake from a peer that does not speak TLS at all.
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
