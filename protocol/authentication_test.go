// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

func TestEveryAuthenticationLogsIn(t *testing.T) {
	eachVersion(t, func(t *testing.T, server Option) {
		var opened [][]byte
		later := func(as protocol.Auth, secret string) protocol.Auth {
			return protocol.Later{As: as, Secret: func() []byte {
				opened = append(opened, []byte(secret))
				return opened[len(opened)-1]
			}}
		}
		srv := start(t, server, WithHub(Hub{Name: "Test", Users: []User{
			{Name: "MixedCase", Password: "pässwörd-日本 "},
			{Name: "jürgen", Password: "secret1"},
			{Name: "anon", Anonymous: true},
			{Name: "rad", External: func(user, password string) bool { return password == "täglich" }},
		}}))
		for _, tt := range []struct {
			name, user string
			auth       protocol.Auth
			code       protocol.ErrorCode
		}{
			{"password", "MixedCase", protocol.Password{Secret: "pässwörd-日本 "}, 0},
			{"user name in another case", "mIXEDcASE", protocol.Password{Secret: "pässwörd-日本 "}, 0},
			{"user name with blanks around", " MixedCase\t", protocol.Password{Secret: "pässwörd-日本 "}, 0},
			{"non-ASCII user name", "jürgen", protocol.Password{Secret: "secret1"}, 0},
			{"plain password", "rad", protocol.PlainPassword{Secret: "täglich"}, 0},
			{"anonymous", "anon", protocol.Anonymous{}, 0},
			{"password, later", "jürgen", later(protocol.Password{}, "secret1"), 0},
			{"plain password, later", "rad", later(protocol.PlainPassword{}, "täglich"), 0},
			{"wrong password, later", "jürgen", later(protocol.Password{}, "secret2"), protocol.CodeAuthFailed},
			{"wrong password", "MixedCase", protocol.Password{Secret: "pässwörd-日本"}, protocol.CodeAuthFailed},
			{"wrong plain password", "rad", protocol.PlainPassword{Secret: "nie"}, protocol.CodeAuthFailed},
			{"unknown user", "mallory", protocol.Password{Secret: "x"}, protocol.CodeAuthFailed},
		} {
			t.Run(tt.name, func(t *testing.T) {
				cfg := alice(srv)
				cfg.User, cfg.Auth = tt.user, tt.auth
				s, err := protocol.Dial(t.Context(), cfg)
				if tt.code == 0 {
					if err != nil {
						t.Fatal(err)
					}
					s.Close()
					return
				}
				var refused *protocol.ServerError
				if !errors.As(err, &refused) || refused.Code != tt.code {
					t.Fatalf("error %v, want code %d", err, tt.code)
				}
				if kind, retry := protocol.Classify(err); kind != protocol.KindLogin || retry != protocol.RetryNo {
					t.Errorf("classified as %v, retry %v, want login, no", kind, retry)
				}
			})
		}
		if len(opened) != 3 {
			t.Errorf("%d secrets were opened for 3 logins", len(opened))
		}
		for _, secret := range opened {
			if !bytes.Equal(secret, make([]byte, len(secret))) {
				t.Errorf("%q is left after the login", secret)
			}
		}
	})
}

func TestLoginTellsWhatItMustAndNoMore(t *testing.T) {
	srv := start(t)
	for _, tt := range []struct {
		name   string
		change func(*protocol.Config)
		have   []string
		lack   []string
	}{
		{
			"by default", func(*protocol.Config) {}, nil,
			[]string{"ClientHostname", "ClientOsName", "ClientOsVer", "ClientPort", "ServerHostname", "unique_id"},
		},
		{"with host info", func(c *protocol.Config) {
			c.HostInfo = &protocol.HostInfo{Hostname: strings.Repeat("ö", 40), OSName: "Linux", OSVersion: "12"}
		}, []string{"ClientHostname", "ClientOsName", "ClientOsVer", "ClientPort", "ServerHostname"}, nil},
		{"with host info, over datagrams", func(c *protocol.Config) {
			c.HostInfo = &protocol.HostInfo{Hostname: "here"}
			c.Dialer = overDatagrams{}
		}, []string{"ClientHostname", "ServerIpAddress"}, []string{"ClientPort"}},
		{"what takes several connections is not asked for with one", func(c *protocol.Config) {
			c.QoS, c.HalfDuplex = true, true
		}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := alice(srv)
			tt.change(cfg)
			dial(t, cfg)
			logins := srv.Logins()
			p := logins[len(logins)-1]
			type facts struct {
				Method, Hub, User, Product, Hello, Node  string
				Encrypt, Compress, Half, QoS, Max, NodeV uint32
			}
			want := facts{
				"login", "TEST", "alice", "network-manager-softether", "network-manager-softether", "network-manager-softether",
				1, 0, 0, 0, 1, 100 << 24,
			}
			got := facts{
				p.Str("method"), p.Str("hubname"), p.Str("username"), p.Str("client_str"), p.Str("hello"), p.Str("ClientProductName"),
				p.Int("use_encrypt"), p.Int("use_compress"), p.Int("half_connection"), p.Int("qos"), p.Int("max_connection"), p.Int("ClientProductVer"),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected login (-want +got):\n%s", diff)
			}
			if !bytes.Equal(p.Data("UniqueId"), cfg.UniqueID[:]) {
				t.Errorf("UniqueId % x, want % x", p.Data("UniqueId"), cfg.UniqueID)
			}
			if a, _ := p.IP("ClientIpAddress"); !a.IsValid() || a.IsUnspecified() {
				t.Errorf("client address %v marks a login over IPv6", a)
			}
			for _, name := range tt.have {
				if !p.Has(name) {
					t.Errorf("%s is missing", name)
				}
			}
			for _, name := range tt.lack {
				if p.Has(name) {
					t.Errorf("%s was told", name)
				}
			}
			if n := len(p.Str("ClientHostname")); n > 63 {
				t.Errorf("host name of %d bytes, want at most 63", n)
			}
		})
	}
}

// overDatagrams dials connections that have the address of a UDP socket, as those of R-UDP do.
type overDatagrams struct{ net.Dialer }

func (d overDatagrams) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, address)
	return datagrams{c}, err
}

type datagrams struct{ net.Conn }

func (datagrams) LocalAddr() net.Addr { return &net.UDPAddr{} }
