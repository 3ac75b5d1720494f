// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"crypto/tls"
	"fmt"
)

// Dial logs in and returns the session. ctx bounds Dial only; when it ends, Dial returns soon and leaves no
// connection behind. The session sends keep-alives at once, but does not read before [Session.Start].
func Dial(ctx context.Context, cfg *Config) (*Session, error) {
	d, err := newDialer(cfg)
	if err != nil {
		return nil, &Error{Op: "login", Addr: cfg.Host, Err: fmt.Errorf("%w: %w", ErrConfig, err)}
	}
	if d.auth.authName() == (PlainPassword{}).authName() && d.Trust.Mode == TrustAny && len(d.Trust.Pin) == 0 {
		d.log.Warn("sending the password to a server whose certificate is not checked", "host", d.Host)
	}
	to, err := d.resolve(ctx)
	if err != nil {
		return nil, err
	}
	verify := d.Trust.check(d.Host)
	var message string
	for range maxRedirects + 1 {
		c, err := d.open(ctx, to, verify)
		if err != nil {
			return nil, err
		}
		next, w, err := d.login(c)
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
			d.warnOfCipher(c)
			return newSession(d, c, w), nil
		}
		d.log.Info("redirected to a member of the cluster", "controller", c.addr, "member", next.addr)
		c.close()
		message = joinText(message, next.message)
		d.auth = ticket{next.ticket}
		to = d.redirected(next.addr, to)
		verify = sameLeaf(next.addr.String(), next.cert)
	}
	return nil, &Error{Op: "redirect", Addr: to.list[0].String(), Err: ErrRedirectLoop}
}

// joinText joins two messages with a line break, unless they are the same.
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
