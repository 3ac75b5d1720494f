// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"crypto/tls"
	"fmt"

	"network-manager-softether/protocol/pack"
)

// Dial logs in and returns the session. ctx bounds Dial only; when it ends, Dial
// returns soon and leaves no connection behind. The session sends keep-alives at
// once, but reads nothing until [Session.Start].
func Dial(ctx context.Context, cfg *Config) (*Session, error) {
	s, err := newSettings(cfg)
	if err != nil {
		return nil, &Error{Op: "login", Addr: cfg.Host, Err: fmt.Errorf("%w: %w", ErrConfig, err)}
	}
	if _, plain := s.auth.(PlainPassword); plain && s.Trust.Mode == TrustAny && len(s.Trust.Pin) == 0 {
		s.log.Warn("sending the password to a server whose certificate is not checked", "host", s.Host)
	}
	addrs, err := s.resolve(ctx)
	if err != nil {
		return nil, err
	}
	verify := s.Trust.check(s.Host)
	var message string
	for range maxRedirects + 1 {
		c, err := s.open(ctx, addrs, verify)
		if err != nil {
			return nil, err
		}
		next, w, err := s.login(c)
		if err != nil {
			c.close()
			return nil, opError(ctx, "login", c.addr.String(), err)
		}
		if w != nil {
			w.message = joinText(message, w.message)
			if !c.release() {
				c.close()
				return nil, opError(ctx, "login", c.addr.String(), ctx.Err())
			}
			s.warnOfCipher(c)
			return newSession(s, c, w), nil
		}
		s.log.Info("redirected to a member of the cluster", "controller", c.addr, "member", next.addr)
		c.close()
		message = joinText(message, next.message)
		s.auth = ticket{next.ticket}
		addrs = s.redirected(next.addr, addrs)
		verify = sameLeaf(next.addr.String(), next.cert)
	}
	return nil, &Error{Op: "redirect", Addr: addrs[0].String(), Err: ErrRedirectLoop}
}

// login sends the login and returns either a redirect or a welcome.
func (s *settings) login(c *control) (*redirect, *welcome, error) {
	s.log.Debug("logging in", "server", c.addr, "product", c.hello.product, "hub", s.Hub, "auth", s.auth.authName())
	c.udp, c.bulk = s.offerUDP(c), s.wantsBulk(c)
	request, err := s.loginPack(c)
	if err != nil {
		return nil, nil, err
	}
	if err := c.send(request); err != nil {
		return nil, nil, err
	}
	p, err := c.receive(c.limits.login, c.limits.loginTotal)
	if err != nil {
		return nil, nil, err
	}
	if p.Bool("Redirect") {
		r, err := parseRedirect(p, s.serverPort(c.addr))
		if err != nil {
			return nil, nil, err
		}
		// An acknowledgement; its answer is of no use.
		return r, nil, c.send(new(pack.Pack))
	}
	w, err := s.parseWelcome(p)
	if err == nil {
		w.udp = c.udp.grant(s, p)
		w.bulk, err = c.grantBulk(s, p)
		if c.datagrams() != nil {
			w.connections = 1 // the server's second one is for a path that is lost
		}
	}
	return nil, w, err
}

// joinText puts two messages below each other, unless they are one.
func joinText(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	return a + "\n" + b
}

// certificate returns the leaf's DER.
func certificate(t *tls.Conn) []byte { return t.ConnectionState().PeerCertificates[0].Raw }
