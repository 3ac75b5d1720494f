// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"time"

	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/pack"
)

// A control is a connection before it carries frames: TLS is up, and Packs go back and forth over HTTP. It is
// used by one goroutine.
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

// conn turns c into a connection of the data phase. Bytes the server has sent after its last Pack are kept.
func (c *control) conn(timeout time.Duration, dir datapath.Direction) *datapath.Conn {
	ahead, _ := c.br.Peek(c.br.Buffered())
	c.raw.SetDeadline(time.Time{})
	return datapath.NewConn(datapath.Link{Stream: c.tls, Raw: c.raw, Wire: c.wire, Addr: c.addr, Direction: dir}, ahead, timeout)
}

// send sends a Pack, padded to a random length so that the length of an encrypted record does not reveal that
// of a password.
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

// receive returns the next Pack that is not a noop. Each must come within wait, and all of them within total.
// A Pack with an error code is returned as a *ServerError.
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

// release ends the watch over the context, as the connection now belongs to a session. It fails if the
// context ended first.
func (c *control) release() bool { return c.stop() }

// close ends the connection politely.
func (c *control) close() {
	c.stop()
	c.udp.close()
	hangUp(c.tls, c.raw, c.limits.closing)
}

// hangUp sends close_notify, for at most d, and closes. A server that misses the close_notify may take every
// other connection of the session for broken (softether-protocol.md 8.6).
func hangUp(t *tls.Conn, raw net.Conn, d time.Duration) {
	force := time.AfterFunc(d, func() { raw.Close() })
	defer force.Stop()
	t.Close()
}
