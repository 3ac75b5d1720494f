// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"network-manager-softether/protocol/pack"
)

// say sends p, unless a fault at this step does something else.
func (c *conn) say(at Step, p *pack.Pack) error {
	_, err := c.answer(at, p)
	return err
}

// answer is say, but returns what was really sent.
func (c *conn) answer(at Step, p *pack.Pack) (*pack.Pack, error) {
	p, err := c.decide(at, p)
	if err != nil {
		return nil, err
	}
	return p, c.send(p)
}

// decide returns what a fault turns p into.
func (c *conn) decide(at Step, p *pack.Pack) (*pack.Pack, error) {
	addPadding(p)
	x := &Exchange{Step: at, Conn: c.tls, Reply: p}
	if !c.fault(x) {
		return nil, errOver
	}
	return x.Reply, nil
}

// grant sends p, which lets the client into the tunnel, and returns nil unless a fault has turned it into
// something else.
func (c *conn) grant(at Step, p *pack.Pack) error {
	return c.granted(c.answer(at, p))
}

// isRefusal reports whether p, which was meant to let the client into the tunnel, has been turned into
// something else.
func isRefusal(p *pack.Pack) bool { return p.Bool("error") || p.Bool("Redirect") }

// granted continues after what was really sent in place of a grant.
func (c *conn) granted(sent *pack.Pack, err error) error {
	switch {
	case err != nil:
		return err
	case sent.Bool("error"):
		return c.refused()
	case sent.Bool("Redirect"):
		return c.redirected()
	}
	return nil
}

// addPadding adds the random element that ends every pack.
func addPadding(p *pack.Pack) {
	if !p.Has("pencore") {
		p.AddData("pencore", padding(1000))
	}
}

// send writes p.
func (c *conn) send(p *pack.Pack) error {
	addPadding(p)
	b, err := p.Marshal()
	if err != nil {
		return fmt.Errorf("softethertest: %w", err)
	}
	c.limit()
	_, err = c.tls.Write(response("200 OK", typePack, b))
	return err
}

// sendError refuses with an error code, waits for one more request as the real
// server does, and ends the connection.
func (c *conn) sendError(at Step, code uint32, noSave bool) error {
	var p pack.Pack
	p.AddInt("error", code)
	p.AddBool("no_save_password", noSave)
	if err := c.say(at, &p); err != nil {
		return err
	}
	return c.refused()
}

// refused ends a connection after an error was sent.
func (c *conn) refused() error {
	c.limit()
	if _, err := readRequest(c.br); err != nil {
		return err
	}
	return c.bye(errOver)
}

// noop returns the pack that means nothing. Before 5.02 it repeated the client's 1; since then it is n, 2
// everywhere.
func (c *conn) noop(n uint32) *pack.Pack {
	if c.srv.settings().new502 {
		n = 2
	}
	var p pack.Pack
	p.AddInt("error", 0)
	p.AddInt("noop", n)
	return &p
}

// padding returns fewer than n random bytes.
func padding(n int64) []byte {
	size, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	b := make([]byte, size.Int64())
	rand.Read(b)
	return b
}
