// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/softethertest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// A client speaks just enough of the protocol to see what the server does.
type client struct {
	t      testing.TB
	tcp    net.Conn
	conn   *tls.Conn
	br     *bufio.Reader
	random []byte // of the hello, where a test keeps it
}

func newServer(t testing.TB, opts ...softethertest.Option) *softethertest.Server {
	t.Helper()
	s := softethertest.NewServer(opts...)
	t.Cleanup(s.Close)
	return s
}

// connect gets through TLS.
func connect(t testing.TB, s *softethertest.Server) *client {
	t.Helper()
	tcp, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	tcp.SetDeadline(time.Now().Add(10 * time.Second))
	c := &client{t: t, tcp: tcp, conn: tls.Client(tcp, &tls.Config{RootCAs: s.CertPool(), ServerName: s.Host()})}
	c.br = bufio.NewReader(c.conn)
	t.Cleanup(func() { tcp.Close() })
	return c
}

// post sends a request with the header that the real server demands, and returns
// the answer.
func (c *client) post(target, contentType string, body []byte) (*http.Response, []byte, error) {
	return c.raw(fmt.Sprintf("POST %s HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", target, contentType, len(body), body))
}

func (c *client) raw(request string) (*http.Response, []byte, error) {
	if _, err := io.WriteString(c.conn, request); err != nil {
		return nil, nil, err
	}
	return c.response()
}

func (c *client) response() (*http.Response, []byte, error) {
	r, err := http.ReadResponse(c.br, nil)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	return r, body, err
}

// hello gives the signature.
func (c *client) hello() *pack.Pack {
	c.t.Helper()
	_, body, err := c.post("/vpnsvc/connect.cgi", "image/jpeg", []byte("VPNCONNECT"))
	return c.parse(body, err)
}

func (c *client) parse(body []byte, err error) *pack.Pack {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	p, err := pack.Parse(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// ask sends a pack and returns the answer.
func (c *client) ask(p *pack.Pack) *pack.Pack {
	c.t.Helper()
	b, err := p.Marshal()
	if err != nil {
		c.t.Fatal(err)
	}
	_, body, err := c.post("/vpnsvc/vpn.cgi", "application/octet-stream", b)
	return c.parse(body, err)
}

// loginPack is the least a client sends, changed by the given functions.
func loginPack(changes ...func(*pack.Pack)) *pack.Pack {
	p := &pack.Pack{}
	p.AddStr("method", "login")
	p.AddStr("hubname", "TEST")
	p.AddStr("username", "anon")
	p.AddInt("authtype", 0)
	p.AddInt("use_encrypt", 1)
	for _, f := range changes {
		f(p)
	}
	return p
}

func set[T any](add func(*pack.Pack, string, ...T), name string, v T) func(*pack.Pack) {
	return func(p *pack.Pack) {
		p.Del(name)
		add(p, name, v)
	}
}

func str(name, v string) func(*pack.Pack) { return set((*pack.Pack).AddStr, name, v) }

func num(name string, v uint32) func(*pack.Pack) { return set((*pack.Pack).AddInt, name, v) }

func data(name string, v []byte) func(*pack.Pack) { return set((*pack.Pack).AddData, name, v) }

// login connects and logs in with what changes make of [loginPack].
func login(t testing.TB, s *softethertest.Server, changes ...func(*pack.Pack)) (*client, *pack.Pack) {
	t.Helper()
	c := connect(t, s)
	c.hello()
	return c, c.ask(loginPack(changes...))
}

// attach connects with a session key.
func attach(t testing.TB, s *softethertest.Server, key []byte) (*client, *pack.Pack) {
	t.Helper()
	c := connect(t, s)
	c.hello()
	p := &pack.Pack{}
	p.AddStr("method", "additional_connect")
	p.AddData("session_key", key)
	return c, c.ask(p)
}

// send writes frames in one message.
func (c *client) send(frames ...[]byte) {
	c.t.Helper()
	b := binary.BigEndian.AppendUint32(nil, uint32(len(frames)))
	for _, f := range frames {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the next frame, skipping keep-alives, or the error that ended the
// connection.
func (c *client) next() ([]byte, error) {
	for {
		n, err := c.word()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		if n != 0xffffffff && n != 1 {
			return nil, fmt.Errorf("a message of %d frames", n)
		}
		size, err := c.word()
		if err != nil {
			return nil, err
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(c.br, b); err != nil || n == 1 {
			return b, err
		}
	}
}

func (c *client) word() (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(c.br, b[:])
	return binary.BigEndian.Uint32(b[:]), err
}

// testFrame returns an Ethernet frame with that payload.
func testFrame(payload string) []byte {
	f := []byte{0x5e, 0, 0, 0, 0, 1, 0x5e, 0, 0, 0, 0, 2, 0x88, 0xb5}
	return append(f, payload...)
}

// echoed is what [softethertest.Echo] makes of f.
func echoed(f []byte) []byte {
	e := bytes.Clone(f)
	copy(e, f[6:12])
	copy(e[6:], f[:6])
	return e
}

func waitCtx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func session(t testing.TB, s *softethertest.Server) *softethertest.ServerSession {
	t.Helper()
	sess, err := s.Session(waitCtx(t))
	if err != nil {
		t.Fatal(err)
	}
	return sess
}
