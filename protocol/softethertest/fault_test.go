// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/softethertest"
)

// patience is how long a client in these tests waits before it calls a server silent.
const patience = 60 * time.Millisecond

// sight puts what a client saw into a few words.
func sight(err error) string {
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.EOF):
		return "closed"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut off"
	case errors.As(err, &record):
		return "no TLS: " + printable(record.RecordHeader[:])
	default:
		for _, known := range []error{pack.ErrTruncated, pack.ErrTooLarge, pack.ErrDuplicate} {
			if errors.Is(err, known) {
				return "pack: " + known.Error()
			}
		}
		if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
			return "silence"
		}
		return "no HTTP"
	}
}

func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, string(b))
}

// look gives the signature and tells what came of it.
func look(c *client) string {
	r, body, err := c.post("/vpnsvc/connect.cgi", "image/jpeg", []byte("VPNCONNECT"))
	if err != nil {
		return sight(err)
	}
	if typ := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || typ != "application/octet-stream" {
		return fmt.Sprintf("%d %s", r.StatusCode, typ)
	}
	p, err := pack.Parse(body)
	if err != nil {
		return sight(err)
	}
	names := p.Names()
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestFaultsInTheHandshake(t *testing.T) {
	const html = "text/html; charset=iso-8859-1"
	for _, tt := range []struct {
		name  string
		at    softethertest.Step
		fault softethertest.Fault
		want  string
	}{
		{"regular", softethertest.StepHello, nil, "build hello pencore random version"},
		{"hangup before TLS", softethertest.StepAccept, softethertest.Hangup, "closed"},
		{"reset before TLS", softethertest.StepAccept, softethertest.Reset, "reset"},
		{"silence before TLS", softethertest.StepAccept, softethertest.Silence, "silence"},
		{"SSH", softethertest.StepAccept, softethertest.SSH, "no TLS: SSH-2"},
		{"plain HTTP", softethertest.StepAccept, softethertest.PlainHTTP, "no TLS: HTTP/"},
		{"garbage before TLS", softethertest.StepAccept, softethertest.Garbage, "no TLS: "},
		{"delay before TLS", softethertest.StepAccept, softethertest.Delay(time.Millisecond), "build hello pencore random version"},

		{"close_notify", softethertest.StepHello, softethertest.CloseNotify, "cut off"},
		{"hangup", softethertest.StepHello, softethertest.Hangup, "cut off"},
		{"reset", softethertest.StepHello, softethertest.Reset, "reset"},
		{"silence", softethertest.StepHello, softethertest.Silence, "silence"},
		{"garbage", softethertest.StepHello, softethertest.Garbage, "no HTTP"},
		{"flood", softethertest.StepHello, softethertest.Flood, "no HTTP"},
		{"404", softethertest.StepHello, softethertest.Status("404 Not Found"), "404 " + html},
		{"content type", softethertest.StepHello, softethertest.ContentType("text/plain"), "200 text/plain"},
		{"no length", softethertest.StepHello, softethertest.Header("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"), "silence"},
		{"negative length", softethertest.StepHello, softethertest.Header("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), "no HTTP"},
		{"empty body", softethertest.StepHello, softethertest.Body(nil), "pack: it ends too early"},
		{"truncated", softethertest.StepHello, softethertest.Truncated, "cut off"},
		{"stalled", softethertest.StepHello, softethertest.Stalled, "silence"},
		{"drip", softethertest.StepHello, softethertest.Drip(time.Microsecond), "build hello pencore random version"},
		{"duplicate element", softethertest.StepHello, softethertest.DuplicateElement, "pack: the name appears twice"},
		{"huge count of elements", softethertest.StepHello, softethertest.HugeElementCount, "pack: it is too large"},
		{"huge count of values", softethertest.StepHello, softethertest.HugeValueCount, "pack: it is too large"},
		{"garbage pack", softethertest.StepHello, softethertest.GarbagePack, "pack: it is too large"},
		{"hello without random", softethertest.StepHello, softethertest.Without("random"), "build hello pencore version"},
		{"noop first", softethertest.StepHello, softethertest.Noops(1, 0), "error noop"},
		{"endless noops", softethertest.StepHello, softethertest.EndlessNoops, "error noop"},
		{"refusal", softethertest.StepHello, softethertest.Refuse(105), "error pencore"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, softethertest.WithFault(tt.at, tt.fault))
			c := connect(t, s)
			if strings.HasPrefix(tt.want, "silence") {
				c.tcp.SetReadDeadline(time.Now().Add(patience))
			}
			if got := look(c); !strings.HasPrefix(got, tt.want) || tt.want == "" {
				t.Errorf("the client saw %q, want %q", got, tt.want)
			}
			s.Close() // returns although the client is still there
		})
	}
}

func TestFloodsGoOnUntilTheClientHasEnough(t *testing.T) {
	for name, fault := range map[string]softethertest.Fault{
		"header": softethertest.HeaderFlood, "line": softethertest.LineFlood, "body": softethertest.BodyFlood,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, softethertest.WithFault(softethertest.StepHello, fault))
			c := connect(t, s)
			io.WriteString(c.conn, "POST /vpnsvc/connect.cgi HTTP/1.1\r\nContent-Length: 10\r\n\r\nVPNCONNECT")
			const enough = 2 << 20
			if n, err := io.CopyN(io.Discard, c.br, enough); err != nil {
				t.Errorf("%d bytes, then %v, want %d and more", n, err, enough)
			}
		})
	}
}

func TestFaultsInTheWelcome(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault softethertest.Fault
		check func(p *pack.Pack) bool
	}{
		{"without key", softethertest.Without("session_key"), func(p *pack.Pack) bool { return !p.Has("session_key") && p.Has("session_name") }},
		{"clear text", softethertest.SetInt("use_encrypt", 0), func(p *pack.Pack) bool { return p.Has("use_encrypt") && !p.Bool("use_encrypt") }},
		{"short key", softethertest.SetData("session_key", []byte("x")), func(p *pack.Pack) bool { return len(p.Data("session_key")) == 1 }},
		{"refused", softethertest.Refuse(23), func(p *pack.Pack) bool { return p.Int("error") == 23 && !p.Has("session_key") }},
		{"loop", softethertest.RedirectLoop, func(p *pack.Pack) bool {
			return p.Bool("Redirect") && len(p.Data("Ticket")) == 20 && len(p.Data("Cert")) > 0
		}},
		{"nowhere", softethertest.RedirectTo(softethertest.Redirect{Addr: softethertest.Nowhere, Ports: []uint32{1, 2}}), func(p *pack.Pack) bool {
			a, _ := p.IP("Ip")
			return a == softethertest.Nowhere && slices.Equal(p.Ints("Port"), []uint32{1, 2})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, softethertest.WithFault(softethertest.StepLogin, tt.fault))
			if _, p := login(t, s); !tt.check(p) {
				t.Errorf("unexpected welcome with %v", p.Names())
			}
		})
	}
}

func TestFaultInAttach(t *testing.T) {
	s := newServer(t, softethertest.WithFault(softethertest.StepAttach, softethertest.Refuse(14)))
	_, welcome := login(t, s)
	if _, p := attach(t, s, welcome.Data("session_key")); p.Int("error") != 14 {
		t.Errorf("error %d, want 14", p.Int("error"))
	}
	s.Set(softethertest.WithFault(softethertest.StepAttach, nil))
	if _, p := attach(t, s, welcome.Data("session_key")); p.Int("error") != 0 {
		t.Errorf("error %d without the fault", p.Int("error"))
	}
}

func TestFaultsInTheTunnel(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault softethertest.Fault
		want  []byte // the first bytes
		size  int    // how many follow at least
	}{
		{"long block", softethertest.LongBlock, []byte{0, 0, 0, 1, 0, 0, 0x0c, 0x81}, 3201},
		{"long keep-alive", softethertest.LongKeepAlive, []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 2, 1}, 513},
		{"lying count", softethertest.LyingCount, []byte{0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 60}, 60 + 64},
		{"half a block", softethertest.HalfBlock, []byte{0, 0, 0, 1, 0, 0, 0, 60}, 30},
		{"empty blocks", softethertest.EmptyFlood, []byte{0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0}, 1 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, softethertest.WithFault(softethertest.StepData, tt.fault))
			c, _ := login(t, s)
			got := make([]byte, len(tt.want)+tt.size)
			if _, err := io.ReadFull(c.br, got); err != nil || !bytes.HasPrefix(got, tt.want) {
				t.Errorf("%x..., error %v, want %x...", got[:8], err, tt.want)
			}
		})
	}
}

func TestFaultsCanBeCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		fault softethertest.Fault
		want  []uint32
	}{
		"times": {softethertest.Times(2, softethertest.Refuse(16)), []uint32{16, 16, 0}},
		"after": {softethertest.After(2, softethertest.Refuse(16)), []uint32{0, 0, 16}},
	} {
		s := newServer(t, softethertest.WithFault(softethertest.StepLogin, tt.fault))
		var got []uint32
		for range 3 {
			_, p := login(t, s)
			got = append(got, p.Int("error"))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: errors %v, want %v", name, got, tt.want)
		}
	}
}

func TestWriteRawGoesAsItIs(t *testing.T) {
	s := newServer(t, softethertest.WithoutKeepAlive())
	c, _ := login(t, s)
	want := []byte("not a message at all")
	if err := session(t, s).WriteRaw(want); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.br, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, error %v, want %q", got, err, want)
	}
}
