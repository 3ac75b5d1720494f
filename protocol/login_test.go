// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol/pack"
)

// TestPasswordAnswer holds softether-protocol.md A; the first answer is what the
// official client sent.
func TestPasswordAnswer(t *testing.T) {
	challenge := [keyLen]byte(bytes.Repeat([]byte{0x11}, keyLen))
	alice := passwordAnswer("alice", []byte("secret1"), &challenge)
	if got, want := hex.EncodeToString(alice[:]), "24d058d0bbf6e19edac7156806747f85e618d383"; got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	if got := passwordAnswer("aLiCe", []byte("secret1"), &challenge); got != alice {
		t.Error("the case of the user name changes the answer")
	}
	if passwordAnswer("ä", []byte("x"), &challenge) == passwordAnswer("Ä", []byte("x"), &challenge) {
		t.Error("letters beyond a-z were changed")
	}
}

func TestConfigIsCheckedBeforeAnythingIsSent(t *testing.T) {
	good := Config{Host: "vpn.example", Port: 443, Hub: "TEST", User: "alice", Auth: Password{"secret1"}}
	for _, tt := range []struct {
		name   string
		change func(*Config)
		ok     bool
	}{
		{"good", func(*Config) {}, true},
		{"IPv6 in brackets", func(c *Config) { c.Host = "[2001:db8::1]" }, true},
		{"IPv6 with zone", func(c *Config) { c.Host = "fe80::1%eth0" }, true},
		{"final dot", func(c *Config) { c.Host = "vpn.example." }, true},
		{"no host", func(c *Config) { c.Host = " " }, false},
		{"host with port", func(c *Config) { c.Host = "vpn.example:443" }, false},
		{"host with path", func(c *Config) { c.Host = "vpn.example/tcp" }, false},
		{"host with line end", func(c *Config) { c.Host = "vpn.example\r\nX: y" }, false},
		{"no port", func(c *Config) { c.Port = 0 }, false},
		{"no authentication", func(c *Config) { c.Auth = nil }, false},
		{"later what has no password", func(c *Config) { c.Auth = Later{As: Anonymous{}} }, false},
		{"later nothing", func(c *Config) { c.Auth = Later{} }, false},
		{"foreign authentication", func(c *Config) { c.Auth = ticket{} }, false},
		{"long hub", func(c *Config) { c.Hub = strings.Repeat("h", 256) }, false},
		{"longest hub", func(c *Config) { c.Hub = strings.Repeat("h", 255) }, true},
		{"user with line end", func(c *Config) { c.User = "a\nb" }, false},
		{"non-ASCII user", func(c *Config) { c.User = "jürgen" }, true},
		{"long plain password", func(c *Config) { c.Auth = PlainPassword{strings.Repeat("p", 256)} }, false},
		{"long password", func(c *Config) { c.Auth = Password{strings.Repeat("p", 256)} }, true},
		{"plain password with NUL", func(c *Config) { c.Auth = PlainPassword{"a\x00b"} }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := good
			tt.change(&cfg)
			if _, err := newDialer(&cfg); (err == nil) != tt.ok {
				t.Errorf("error %v, want one: %v", err, !tt.ok)
			}
		})
	}
	if h, err := cleanHost("bücher.example"); h != "xn--bcher-kva.example" {
		t.Errorf("international name becomes %q, %v", h, err)
	}
	cfg := good
	if _, err := Dial(t.Context(), &Config{Host: "a b"}); !errors.Is(err, ErrConfig) {
		t.Errorf("error %v, want %v", err, ErrConfig)
	}
	cfg.Auth = PlainPassword{"hunter2"}
	if s := fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg.Auth, cfg.Auth) + fmt.Sprintf("%v %#v", Password{"hunter2"}, Password{"hunter2"}); strings.Contains(s, "hunter2") {
		t.Errorf("printing shows the secret: %s", s)
	}
}

func welcomePack(change func(*pack.Pack)) *pack.Pack {
	p := new(pack.Pack)
	change(p)
	for _, s := range []string{"session_name", "connection_name"} {
		if !p.Has(s) {
			p.AddStr(s, "SID-1")
		}
	}
	if !p.Has("session_key") {
		p.AddData("session_key", make([]byte, 20))
	}
	if !p.Has("use_encrypt") {
		p.AddInt("use_encrypt", 1)
	}
	return p
}

func TestWelcomeIsCheckedAgainstTheRequest(t *testing.T) {
	s := &dialer{timing: defaultTiming}
	for _, tt := range []struct {
		name    string
		change  func(*pack.Pack)
		err     error
		timeout time.Duration
	}{
		{"regular", func(p *pack.Pack) { p.AddInt("timeout", 7000) }, nil, 7 * time.Second},
		{"no time-out", func(*pack.Pack) {}, nil, 20 * time.Second},
		{"short time-out", func(p *pack.Pack) { p.AddInt("timeout", 1) }, nil, 5 * time.Second},
		{"long time-out", func(p *pack.Pack) { p.AddInt("timeout", 0xffffffff) }, nil, time.Minute},
		{"more connections than asked for", func(p *pack.Pack) { p.AddInt("max_connection", 0xffffffff) }, nil, 20 * time.Second},
		{"no name", func(p *pack.Pack) { p.AddStr("session_name", "\x1b") }, ErrMalformed, 0},
		{"short key", func(p *pack.Pack) { p.AddData("session_key", make([]byte, 19)) }, ErrMalformed, 0},
		{"clear text", func(p *pack.Pack) { p.AddInt("use_encrypt", 0) }, ErrNoEncryption, 0},
		{"compression", func(p *pack.Pack) { p.AddInt("use_compress", 1) }, ErrMalformed, 0},
		{"half duplex", func(p *pack.Pack) { p.AddInt("half_connection", 1) }, ErrMalformed, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, err := s.parseWelcome(welcomePack(tt.change))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && (w.timeout != tt.timeout || w.connections != 1) {
				t.Errorf("time-out %v, %d connections, want %v, 1", w.timeout, w.connections, tt.timeout)
			}
		})
	}
}

func TestRedirectIsChecked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*pack.Pack)
		want   string
	}{
		{"regular", func(*pack.Pack) {}, "192.0.2.7:443"},
		{"first port, if ours is not there", func(p *pack.Pack) { p.AddInt("Port", 992, 5555) }, "192.0.2.7:992"},
		{"no address", func(p *pack.Pack) { p.AddStr("Ip", "192.0.2.7") }, ""},
		{"address 0.0.0.0", func(p *pack.Pack) { p.AddIP("Ip", netip.IPv4Unspecified()) }, ""},
		{"address 0.0.0.0 in IPv6", mapped("0.0.0.0"), ""},
		{"multicast in IPv6", mapped("224.0.0.1"), ""},
		{"IPv4 in IPv6", mapped("192.0.2.7"), "192.0.2.7:443"},
		{"multicast", func(p *pack.Pack) { p.AddIP("Ip", netip.MustParseAddr("224.0.0.1")) }, ""},
		{"port 0", func(p *pack.Pack) { p.AddInt("Port", 0) }, ""},
		{"port 65536", func(p *pack.Pack) { p.AddInt("Port", 65536) }, ""},
		{"129 ports", func(p *pack.Pack) { p.AddInt("Port", make([]uint32, 129)...) }, ""},
		{"short ticket", func(p *pack.Pack) { p.AddData("Ticket", make([]byte, 19)) }, ""},
		{"no certificate", func(p *pack.Pack) { p.AddData("Cert", nil) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := new(pack.Pack)
			tt.change(p)
			if !p.Has("Ip") {
				p.AddIP("Ip", netip.MustParseAddr("192.0.2.7"))
			}
			if !p.Has("Port") {
				p.AddInt("Port", 992, 443)
			}
			if !p.Has("Ticket") {
				p.AddData("Ticket", make([]byte, 20))
			}
			if !p.Has("Cert") {
				p.AddData("Cert", []byte{1})
			}
			r, err := parseRedirect(p, 443)
			switch {
			case tt.want == "" && !errors.Is(err, ErrMalformed):
				t.Errorf("error %v, want %v", err, ErrMalformed)
			case tt.want != "" && (err != nil || r.addr.String() != tt.want):
				t.Errorf("redirect to %v, %v, want %s", r, err, tt.want)
			}
		})
	}
}

// mapped gives a redirect's address as an IPv6 one that stands for IPv4.
func mapped(addr string) func(*pack.Pack) {
	return func(p *pack.Pack) {
		b := netip.MustParseAddr(addr).As16()
		p.AddInt("Ip", 0)
		p.AddBool("Ip@ipv6_bool", true)
		p.AddData("Ip@ipv6_array", b[:])
	}
}

func TestPolicyIsRead(t *testing.T) {
	p := new(pack.Pack)
	for _, name := range []string{"Access", "DHCPForce", "NoSavePassword", "FilterIPv6", "NoIPv6DefaultRouterInRAWhenIPv6"} {
		p.AddInt("policy:"+name, 1)
	}
	p.AddInt("policy:AutoDisconnect", 90)
	p.AddInt("policy:MaxUpload", 1000)
	want := Policy{
		Access: true, DHCPForce: true, NoSavePassword: true, FilterIPv6: true,
		NoIPv6DefaultRouterInRAWhenIPv6: true, AutoDisconnect: 90 * time.Second, MaxUpload: 1000,
	}
	if diff := cmp.Diff(want, parsePolicy(p)); diff != "" {
		t.Errorf("unexpected policy (-want +got):\n%s", diff)
	}
}

// FuzzAnswers feeds whole Packs to everything that reads a server's answer.
func FuzzAnswers(f *testing.F) {
	seed := welcomePack(func(p *pack.Pack) { p.AddData("Msg", []byte("hello\x1b")); p.AddInt("timeout", 20000) })
	b, err := seed.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	s := &dialer{timing: defaultTiming}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := pack.Parse(b)
		if err != nil {
			return
		}
		if w, err := s.parseWelcome(p); err == nil {
			if w.timeout < s.timeoutMin || w.timeout > s.timeoutMax || w.connections != 1 || len(w.message) > 4*maxMessage {
				t.Errorf("welcome out of bounds: %+v", w)
			}
		}
		if r, err := parseRedirect(p, 443); err == nil && (!r.addr.IsValid() || r.addr.Port() == 0) {
			t.Errorf("redirect to %v", r.addr)
		}
	})
}
