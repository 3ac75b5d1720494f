// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/softethertest"
)

// Statuses are those of softether-protocol.md 3.1, seen on 5.01.9674.
func TestSignatureStrictness(t *testing.T) {
	gif := func(n int) string { return "GIF89a" + strings.Repeat("x", n-6) }
	post := func(target, body string) string {
		return "POST " + target + " HTTP/1.1\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	}
	for _, tt := range []struct {
		name, request string
		status        int
	}{
		{"short signature", post("/vpnsvc/connect.cgi", "VPNCONNECT"), 200},
		{"in other letters", post("/VPNSVC/Connect.CGI", "VPNCONNECT"), 200},
		{"LF alone", "POST /vpnsvc/connect.cgi HTTP/1.1\nContent-Length: 10\n\nVPNCONNECT", 200},
		{"picture", post("/vpnsvc/connect.cgi", gif(1411)), 200},
		{"picture and 2000 bytes", post("/vpnsvc/connect.cgi", gif(3411)), 200},
		{"picture and 2001 bytes", post("/vpnsvc/connect.cgi", gif(3412)), 403},
		{"wrong body", post("/vpnsvc/connect.cgi", "VPNCONNECX"), 403},
		{"other target", post("/other", "VPNCONNECT"), 404},
		{"GET", "GET /foo HTTP/1.1\r\n\r\n", 404},
		{"GET /", "GET / HTTP/1.1\r\n\r\n", 403},
		{"HEAD /", "HEAD / HTTP/1.1\r\n\r\n", 403},
		{"other method", "PUT / HTTP/1.1\r\n\r\n", 501},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, newServer(t))
			r, _, err := c.raw(tt.request)
			if err != nil || r.StatusCode != tt.status {
				t.Fatalf("answer %v, error %v, want %d", r, err, tt.status)
			}
			want := "application/octet-stream"
			if tt.status != 200 {
				want = "text/html; charset=iso-8859-1"
				c.hello() // which still works on this connection
			}
			if got := r.Header.Get("Content-Type"); got != want {
				t.Errorf("content type %q, want %q", got, want)
			}
		})
	}
}

func TestBrokenHeadersEndTheConnection(t *testing.T) {
	for name, request := range map[string]string{
		"empty value":   "POST /vpnsvc/connect.cgi HTTP/1.1\r\nX-A:\r\nContent-Length: 10\r\n\r\nVPNCONNECT",
		"no colon":      "POST /vpnsvc/connect.cgi HTTP/1.1\r\nX-A\r\nContent-Length: 10\r\n\r\nVPNCONNECT",
		"long line":     "POST /" + strings.Repeat("x", 5000) + " HTTP/1.1\r\n\r\n",
		"no version":    "POST /vpnsvc/connect.cgi\r\n\r\n",
		"20 bad wishes": strings.Repeat("GET / HTTP/1.1\r\n\r\n", 20),
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			c := connect(t, s)
			io.WriteString(c.conn, request)
			answers := 0
			for {
				if _, _, err := c.response(); err != nil {
					break
				}
				answers++
			}
			if want := 19 * strings.Count(request, "GET") / 20; answers != want {
				t.Errorf("%d answers, want %d", answers, want)
			}
			waitEnd(t, s, softethertest.EndViolated)
		})
	}
}

// waitEnd waits until the first connection has ended that way.
func waitEnd(t *testing.T, s *softethertest.Server, want softethertest.End) {
	t.Helper()
	s.Close()
	if got := s.Records()[0].End; got != want {
		t.Errorf("end %q, want %q", got, want)
	}
}

// softether-protocol.md 3.2: each of these is answered with error 3.
func TestPackRequestStrictness(t *testing.T) {
	b, _ := loginPack().Marshal()
	large := loginPack(data("filler", make([]byte, 65536)))
	tooLarge, _ := large.Marshal()
	twice := append([]byte{0, 0, 0, 2}, append(b[4:], b[4:]...)...)
	for _, tt := range []struct {
		name, target, contentType string
		body                      []byte
		want                      uint32
	}{
		{"regular", "/vpnsvc/vpn.cgi", "application/octet-stream", b, 0},
		{"content type with a parameter", "/vpnsvc/vpn.cgi", "application/octet-stream; charset=x", b, 3},
		{"other target", "/vpnsvc/connect.cgi", "application/octet-stream", b, 3},
		{"66 KB", "/vpnsvc/vpn.cgi", "application/octet-stream", tooLarge, 3},
		{"no pack", "/vpnsvc/vpn.cgi", "application/octet-stream", []byte("hello"), 3},
		{"duplicate element", "/vpnsvc/vpn.cgi", "application/octet-stream", twice, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, newServer(t))
			c.hello()
			_, body, err := c.post(tt.target, tt.contentType, tt.body)
			if p := c.parse(body, err); p.Int("error") != tt.want {
				t.Errorf("error %d, want %d", p.Int("error"), tt.want)
			}
		})
	}
}

func TestNoopsOfTheClientAreAnswered(t *testing.T) {
	var noop pack.Pack
	noop.AddInt("error", 0)
	noop.AddInt("noop", 1)
	for want, opts := range map[uint32][]softethertest.Option{1: nil, 2: {softethertest.As502()}} {
		s := newServer(t, opts...)
		c := connect(t, s)
		c.hello()
		for range 3 {
			if p := c.ask(&noop); p.Int("noop") != want || !p.Has("error") {
				t.Errorf("noop %d, want %d", p.Int("noop"), want)
			}
		}
		if p := c.ask(loginPack()); p.Int("error") != 0 || !p.Has("session_key") {
			t.Errorf("error %d after noops", p.Int("error"))
		}
	}
}

func TestUnsolicitedNoopsPrecedeTheAnswer(t *testing.T) {
	s := newServer(t, softethertest.WithNoops(2, time.Millisecond))
	c, first := login(t, s)
	second := c.parse(bodyOf(c.response()))
	third := c.parse(bodyOf(c.response()))
	if first.Int("noop") != 2 || second.Int("noop") != 2 || third.Has("noop") || !third.Has("session_key") {
		t.Errorf("answers %v, %v, %v", first.Names(), second.Names(), third.Names())
	}
}

func bodyOf[R any](_ R, body []byte, err error) ([]byte, error) { return body, err }

func TestEnumHub(t *testing.T) {
	s := newServer(t, softethertest.WithHub(softethertest.Hub{Name: "Seen"}), softethertest.WithHub(softethertest.Hub{Name: "Unseen", Hidden: true}))
	c := connect(t, s)
	c.hello()
	var p pack.Pack
	p.AddStr("method", "enum_hub")
	got := c.ask(&p)
	if got.Int("NumHub") != 1 || len(got.Strs("HubName")) != 1 || got.Str("HubName") != "Seen" {
		t.Errorf("%d hubs: %q", got.Int("NumHub"), got.Strs("HubName"))
	}
	if again := c.ask(&p); again.Int("NumHub") != 1 {
		t.Error("the connection is over after one question")
	}
}
