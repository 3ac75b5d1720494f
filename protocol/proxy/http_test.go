// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
)

const (
	connectTo  = "CONNECT vpn.test:443 HTTP/1.1\r\nHost: vpn.test:443\r\n"
	plain      = connectTo + "\r\n"
	basic      = connectTo + "Proxy-Authorization: Basic am9lOnNlY3JldA==\r\n\r\n"
	fine       = "HTTP/1.1 200 Connection established\r\n\r\n"
	wantsBasic = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"lab\"\r\nContent-Length: 3\r\n\r\nno!"
)

func TestHTTP(t *testing.T) {
	for _, tt := range []struct {
		name, user string
		scripts    [][]line
		reason     Reason
		text       string
	}{
		{"open", "", [][]line{{{plain, fine}}}, 0, ""},
		{"old", "joe", [][]line{{{plain, "HTTP/1.0 200 OK\nProxy-Agent: x\n\n"}}}, 0, ""},
		{"other success", "", [][]line{{{plain, "HTTP/1.1 204\r\n\r\n"}}}, 0, ""},
		{"an interim answer", "", [][]line{{{plain, "HTTP/1.1 102 Processing\r\nX: y\r\n\r\n" + fine}}}, 0, ""},
		{"basic", "joe", [][]line{{{plain, wantsBasic}}, {{basic, fine}}}, 0, ""},
		{"basic, with a scheme nobody knows", "joe", [][]line{
			{{plain, "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM abc==, Basic\r\n\r\n"}}, {{basic, fine}},
		}, 0, ""},
		{"no user", "", [][]line{{{plain, wantsBasic}}}, Denied, "there is no proxy user"},
		{"wrong password", "joe", [][]line{{{plain, wantsBasic}}, {{basic, wantsBasic}}}, Denied, "refuses user name or password (407"},
		{"user with a colon", "j:oe", [][]line{{{plain, wantsBasic}}}, Denied, "colon"},
		{"only unknown schemes", "joe", [][]line{{{plain, "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n"}}}, Failed, "authentication by negotiate"},
		{"no scheme", "joe", [][]line{{{plain, "HTTP/1.1 407 No\r\n\r\n"}}}, Failed, "does not say which"},
		{"no second connection", "joe", [][]line{{{plain, wantsBasic}}, {{basic, hangUp}}}, Failed, "hung up"},
		{"takes itself for a server", "joe", [][]line{{{plain, "HTTP/1.1 401 Unauthorized\r\n\r\n"}}}, Denied, "401 Unauthorized"},
		{"forbidden", "", [][]line{{{plain, "HTTP/1.1 403 Forbidden\r\n\r\n"}}}, Failed, "403 Forbidden"},
		{"bad gateway", "", [][]line{{{plain, "HTTP/1.1 502 Bad Gateway\r\n\r\n"}}}, NoTarget, "cannot reach vpn.test:443: 502"},
		{"server not found", "", [][]line{{{plain, "HTTP/1.1 503 Service Unavailable\r\n\r\n"}}}, NoTarget, "503"},
		{"server slow", "", [][]line{{{plain, "HTTP/1.1 504 Gateway Timeout\r\n\r\n"}}}, NoTarget, "504"},
		{"redirects", "", [][]line{{{plain, "HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\n\r\n"}}}, Failed, "302"},
		{"SSH", "", [][]line{{{plain, "SSH-2.0-OpenSSH_9.2\r\n"}}}, Failed, "is it an HTTP proxy"},
		{"no number", "", [][]line{{{plain, "HTTP/1.1 abc\r\n\r\n"}}}, Failed, "is it an HTTP proxy"},
		{"long number", "", [][]line{{{plain, "HTTP/1.1 2000 OK\r\n\r\n"}}}, Failed, "is it an HTTP proxy"},
		{"says more than asked", "", [][]line{{{plain, fine + "<html>"}}}, Failed, "something after its answer"},
		{"interim answers for ever", "", [][]line{{{plain, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20)}}}, Failed, "never sends a final answer"},
		{"endless line", "", [][]line{{{plain, strings.Repeat("A", 2*maxLine)}}}, Failed, "a line of more than"},
		{"endless headers", "", [][]line{{{plain, "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 200)}}}, Failed, "header lines"},
		{"control characters", "", [][]line{{{plain, "HTTP/1.1 500 \x1b[31mred\r\n\r\n"}}}, Failed, "500 ?[31mred"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := connect(t, proxyOf(t, HTTP, tt.user, "secret"), "vpn.test:443", tt.scripts...)
			wantReason(t, err, tt.reason, tt.text)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the error has the password in it")
			}
		})
	}
}

func TestASecondConnectionIsAnsweredAtOnce(t *testing.T) {
	p := proxyOf(t, HTTP, "joe", "secret")
	if err := connect(t, p, "vpn.test:443", []line{{plain, wantsBasic}}, []line{{basic, fine}}); err != nil {
		t.Fatal(err)
	}
	if err := connect(t, p, "vpn.test:443", []line{{basic, fine}}); err != nil {
		t.Fatal(err)
	}
}

// digesting is a proxy that checks digests.
type digesting struct {
	t     *testing.T
	nonce string // of the next challenge
	stale map[string]bool

	mu    sync.Mutex
	asked int
	seen  map[string]bool // nonce and count
}

var field = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

func (d *digesting) answer(header string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	challenge := func(more string) string {
		return "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"lab\"\r\nProxy-Authenticate: Digest realm=\"lab\", nonce=\"" + d.nonce +
			"\", qop=\"auth,auth-int\", algorithm=SHA-256" + more + "\r\n\r\n"
	}
	if strings.Contains(header, "Basic ") {
		d.t.Error("the weaker scheme was used")
	}
	_, auth, ok := strings.Cut(header, "Proxy-Authorization: Digest ")
	if !ok {
		return challenge("")
	}
	auth, _, _ = strings.Cut(auth, "\r\n")
	got := map[string]string{}
	for _, m := range field.FindAllStringSubmatch(auth, -1) {
		got[m[1]] = m[2]
	}
	if d.stale[got["nonce"]] {
		return challenge(", stale=true")
	}
	if use := got["nonce"] + got["nc"]; d.seen[use] {
		d.t.Errorf("nonce and count %s a second time", use)
	} else {
		d.seen[use] = true
	}
	want := &digest{hash: hashings[2], named: true, realm: "lab", nonce: got["nonce"], qop: true, cnonce: got["cnonce"]}
	var count uint32
	fmt.Sscanf(got["nc"], "%x", &count)
	if want.header("joe", []byte("secret"), "CONNECT", "vpn.test:443", count) != "Digest "+auth {
		return challenge("")
	}
	return fine
}

func (d *digesting) dial(conns *[]net.Conn) (net.Conn, error) {
	client, server := net.Pipe()
	*conns = append(*conns, server)
	go func() {
		defer server.Close()
		var header strings.Builder
		for br := bufio.NewReader(server); !strings.HasSuffix(header.String(), "\r\n\r\n"); {
			line, err := br.ReadString('\n')
			if err != nil {
				return
			}
			header.WriteString(line)
		}
		io.WriteString(server, d.answer(header.String()))
		io.Copy(io.Discard, server)
	}()
	return client, nil
}

func TestDigestIsPreferredRememberedAndRenewed(t *testing.T) {
	d := &digesting{t: t, nonce: "n1", stale: map[string]bool{}, seen: map[string]bool{}}
	p := proxyOf(t, HTTP, "joe", "secret")
	try := func(p *Proxy) error {
		var conns []net.Conn
		first, _ := d.dial(&conns)
		conn, err := p.Connect(t.Context(), first, func(context.Context) (net.Conn, error) { return d.dial(&conns) }, "vpn.test:443")
		if err == nil {
			conn.Close()
		}
		return err
	}
	for _, step := range []struct {
		what  string
		do    func()
		asked int // connections the proxy saw
	}{
		{"the first connection", func() {}, 2},
		{"the next one", func() {}, 1},
		{"one more", func() {}, 1},
		{"when the nonce is stale", func() { d.stale["n1"] = true; d.nonce = "n2" }, 2},
		{"with the new nonce", func() {}, 1},
	} {
		step.do()
		d.asked = 0
		if err := try(p); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if d.asked != step.asked {
			t.Errorf("%s needed %d connections, want %d", step.what, d.asked, step.asked)
		}
	}
	d.asked, d.nonce = 0, "n2b"
	wantReason(t, try(proxyOf(t, HTTP, "joe", "wrong")), Denied, "refuses user name or password")
	if d.asked != 2 {
		t.Errorf("a wrong password was tried %d times", d.asked-1)
	}
	d.stale["n2"], d.stale["n3"], d.nonce = true, true, "n3"
	wantReason(t, try(p), Denied, "never satisfied")
}
