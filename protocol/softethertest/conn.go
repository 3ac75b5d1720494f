// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"network-manager-softether/protocol/pack"
)

const (
	maxSignatures = 19 // requests before the connection is closed
	maxNoops      = 30 // noop packs of a client
)

// errOver ends a connection that the server is done with.
var errOver = errors.New("the server closes the connection")

// A conn is one TCP connection on its way to a session.
type conn struct {
	srv    *Server
	raw    *watchedConn
	tls    *tls.Conn
	br     *bufio.Reader // of tls
	rec    *Record
	number int // of rec among the server's records
	random [keyLen]byte
}

// serve runs the connection until it is closed.
func (c *conn) serve() {
	defer c.raw.Close()
	err := c.handshake()
	for err == nil {
		err = c.step()
	}
	c.ended(c.endOf(err))
}

// limit gives the client time for its next step.
func (c *conn) limit() {
	c.raw.SetDeadline(time.Now().Add(c.srv.settings().stepLimit))
}

// handshake runs TLS, signature and hello.
func (c *conn) handshake() error {
	c.limit()
	if !c.fault(&Exchange{Step: StepAccept, Conn: c.raw}) {
		return errOver
	}
	c.limit()
	c.tls = tls.Server(c.raw, c.srv.tls)
	if err := c.tls.Handshake(); err != nil {
		c.srv.gate.failed(visitorOf(c.raw), time.Now())
		return err
	}
	c.note(func(r *Record) { state := c.tls.ConnectionState(); r.TLS = &state })
	c.br = bufio.NewReaderSize(c.tls, maxLine)
	for range maxSignatures {
		c.limit()
		q, err := readRequest(c.br)
		if err != nil {
			return err
		}
		if status := signatureAnswer(q); status != "200 OK" {
			if _, err := c.tls.Write(response(status, typeHTML, page(status))); err != nil {
				return err
			}
			continue
		}
		c.note(func(r *Record) { r.SignatureOK = true })
		return c.hello()
	}
	return c.bye(errViolation)
}

func (c *conn) hello() error {
	set := c.srv.settings()
	rand.Read(c.random[:])
	var p pack.Pack
	p.AddStr("hello", set.product)
	p.AddInt("version", set.version)
	p.AddInt("build", set.build)
	p.AddData("random", c.random[:])
	return c.say(StepHello, &p)
}

// say sends p, unless a fault at this step has other plans.
func (c *conn) say(at Step, p *pack.Pack) error {
	_, err := c.answer(at, p)
	return err
}

// answer is say that returns what was really sent.
func (c *conn) answer(at Step, p *pack.Pack) (*pack.Pack, error) {
	p, err := c.decide(at, p)
	if err != nil {
		return nil, err
	}
	return p, c.send(p)
}

// decide returns what a fault makes of p.
func (c *conn) decide(at Step, p *pack.Pack) (*pack.Pack, error) {
	addPadding(p)
	x := &Exchange{Step: at, Conn: c.tls, Reply: p}
	if !c.fault(x) {
		return nil, errOver
	}
	return x.Reply, nil
}

// grant sends p, which lets the client into the tunnel, and returns nil if it was
// not turned into something else by a fault.
func (c *conn) grant(at Step, p *pack.Pack) error {
	return c.granted(c.answer(at, p))
}

// isRefusal reports whether p, which was to let the client into the tunnel, was turned into something else.
func isRefusal(p *pack.Pack) bool { return p.Bool("error") || p.Bool("Redirect") }

// granted goes on after what was really sent in place of a grant.
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

// bye closes politely for the reason err.
func (c *conn) bye(err error) error {
	c.ended(c.endOf(err))
	c.tls.Close()
	return err
}

// ended notes how the connection ended; the first cause counts.
func (c *conn) ended(how End) {
	c.note(func(r *Record) {
		if r.End == EndOpen {
			r.End = how
		}
	})
}

// receive reads the client's next pack.
func (c *conn) receive() (*pack.Pack, error) {
	for range maxNoops {
		c.limit()
		q, err := readRequest(c.br)
		if err != nil {
			return nil, err
		}
		p, err := pack.Parse(q.body)
		if err != nil || !isPackRequest(q) {
			c.ended(EndViolated)
			return nil, c.sendError(StepLogin, errDisconnected, false)
		}
		c.note(func(r *Record) { r.Packs = append(r.Packs, p) })
		if !p.Bool("noop") {
			return p, nil
		}
		if err := c.send(c.noop(1)); err != nil {
			return nil, err
		}
	}
	return nil, c.bye(errViolation)
}

// noop returns the pack that means nothing. Before 5.02 it repeated the 1 of the
// client; then it became n, 2 everywhere.
func (c *conn) noop(n uint32) *pack.Pack {
	if c.srv.settings().new502 {
		n = 2
	}
	var p pack.Pack
	p.AddInt("error", 0)
	p.AddInt("noop", n)
	return &p
}

// step serves one request after the hello.
func (c *conn) step() error {
	p, err := c.receive()
	if err != nil {
		return err
	}
	switch foldASCII(p.Str("method")) {
	case "login":
		return c.login(p)
	case "additional_connect":
		return c.attach(p)
	case "enum_hub":
		return c.enumHubs()
	default:
		return c.sendError(StepLogin, errProtocol, false)
	}
}

func (c *conn) enumHubs() error {
	var names []string
	for _, h := range c.srv.settings().hubs {
		if !h.Hidden {
			names = append(names, h.Name)
		}
	}
	var p pack.Pack
	p.AddInt("NumHub", uint32(len(names)))
	if len(names) > 0 {
		p.AddStr("HubName", names...)
	}
	return c.say(StepLogin, &p)
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

// drain reads until the client or the server ends the connection, whichever way.
func drain(r io.Reader) { _, _ = io.Copy(io.Discard, r) }
