// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
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

// bye closes politely for the reason err.
func (c *conn) bye(err error) error {
	c.ended(c.endOf(err))
	c.tls.Close()
	return err
}

// ended records how the connection ended; only the first cause counts.
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

// drain reads until the client or the server ends the connection, whichever way.
func drain(r io.Reader) { _, _ = io.Copy(io.Discard, r) }
