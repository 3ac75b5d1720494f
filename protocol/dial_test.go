// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

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

// overDatagrams dials what has the address of a UDP socket, as R-UDP has.
type overDatagrams struct{ net.Dialer }

func (d overDatagrams) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, address)
	return datagrams{c}, err
}

type datagrams struct{ net.Conn }

func (datagrams) LocalAddr() net.Addr { return &net.UDPAddr{} }

func TestInfoIsWhatTheServerSaid(t *testing.T) {
	srv := start(t, WithTimeout(7*time.Second), WithProduct("Some VPN Server\x1b[1m", 443, 9999),
		WithHub(Hub{Name: "TEST", Message: "Grüße\r\nzwei\x07", Users: []User{
			{Name: "alice", Password: "secret1", Policy: map[string]uint32{"DHCPForce": 1, "MaxUpload": 1000}},
		}}))
	s := dial(t, alice(srv))
	i := s.Info()
	if i.SessionName == "" || i.ConnectionName == "" || i.TLSVersion != tls.VersionTLS13 || i.CipherSuite == 0 {
		t.Errorf("incomplete: %+v", i)
	}
	want := protocol.Info{
		ServerAddr: srv.AddrPort(), ServerProduct: "Some VPN Server[1m", ServerVersion: 443, ServerBuild: 9999,
		SessionName: i.SessionName, ConnectionName: i.ConnectionName,
		Message:    "Grüße\nzwei",
		Policy:     protocol.Policy{Access: true, DHCPForce: true, MaxUpload: 1000, MaxConnection: 32},
		Timeout:    7 * time.Second,
		CertSHA256: i.CertSHA256, TLSVersion: i.TLSVersion, CipherSuite: i.CipherSuite, MaxConnections: 1,
	}
	if diff := cmp.Diff(want, i, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("unexpected info (-want +got):\n%s", diff)
	}
}

func TestTLS12IsGoodEnough(t *testing.T) {
	srv := start(t, WithTLS(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }))
	if v := dial(t, alice(srv)).Info().TLSVersion; v != tls.VersionTLS12 {
		t.Errorf("TLS version %x, want 1.2", v)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	srv := start(t, WithTLS(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }))
	_, err := protocol.Dial(t.Context(), alice(srv))
	if !errors.Is(err, protocol.ErrTLS) {
		t.Errorf("error %v, want %v", err, protocol.ErrTLS)
	}
}

func TestNoSecretLeavesBeforeTheCertificateIsAccepted(t *testing.T) {
	srv := start(t)
	for _, trust := range []protocol.Trust{
		{},
		{Mode: protocol.TrustPin},
		{Pin: make([]byte, 32)},
	} {
		cfg := alice(srv)
		cfg.Trust = trust
		cfg.Auth = protocol.Later{As: protocol.Password{}, Secret: func() []byte {
			t.Error("the secret was opened")
			return []byte("secret1")
		}}
		_, err := protocol.Dial(t.Context(), cfg)
		var refused *protocol.CertificateError
		if !errors.As(err, &refused) || refused.Leaf.Equal(srv.Cert()) == false {
			t.Errorf("error %v, want a CertificateError about the server's certificate", err)
		}
		if !strings.Contains(protocol.Hint(err), "server-cert-sha256=") {
			t.Errorf("hint %q does not say how to pin", protocol.Hint(err))
		}
	}
	for _, r := range srv.Records() {
		if r.SignatureOK || len(r.Packs) > 0 {
			t.Errorf("sent to an untrusted server: signature %v, %d packs", r.SignatureOK, len(r.Packs))
		}
	}
}

func TestNoopsAreSkippedWhileRADIUSThinks(t *testing.T) {
	srv := start(t, As502(), WithNoops(30, time.Millisecond))
	dial(t, alice(srv))
	srv.Set(WithNoops(31, time.Millisecond))
	if _, err := protocol.Dial(t.Context(), alice(srv)); !errors.Is(err, protocol.ErrMalformed) {
		t.Errorf("after 31 noops: %v, want %v", err, protocol.ErrMalformed)
	}
}

func TestRedirectLeadsToTheMember(t *testing.T) {
	eachVersion(t, func(t *testing.T, server Option) {
		member := start(t, server, AsMember(), WithHub(Hub{Name: "TEST", Message: "from the member"}))
		controller := start(t, server, WithRedirect(&Redirect{To: member, Message: "from the controller"}))
		s := dial(t, alice(controller))
		i := s.Info()
		if i.ServerAddr != member.AddrPort() {
			t.Errorf("connected to %v, want the member %v", i.ServerAddr, member.AddrPort())
		}
		if want := "from the controller\nfrom the member"; i.Message != want {
			t.Errorf("message %q, want %q", i.Message, want)
		}
		old := controller.Records()
		if n := len(old[0].Packs); n != 2 || len(old[0].Packs[1].Names()) > 1 {
			t.Errorf("%d packs to the controller, want a login and an empty one", n)
		}
		login := member.Logins()[0]
		if login.Int("authtype") != 99 || login.Has("secure_password") || login.Str("hubname") != "TEST" || login.Int("use_encrypt") != 1 {
			t.Errorf("login at the member has %v, authtype %d", login.Names(), login.Int("authtype"))
		}
	})
}

func TestRedirectsThatMakeNoSense(t *testing.T) {
	for _, tt := range []struct {
		name   string
		to     Redirect
		want   error
		logins int // at the member
	}{
		{"without a ticket", Redirect{Ticket: []byte{1}}, protocol.ErrMalformed, 0},
		{"without a certificate", Redirect{Cert: []byte{}}, protocol.ErrMalformed, 0},
		{"to no address", Redirect{Addr: netip.IPv4Unspecified()}, protocol.ErrMalformed, 0},
		{"to no port", Redirect{Ports: []uint32{0}}, protocol.ErrMalformed, 0},
		{"to a port there is not", Redirect{Ports: []uint32{65536 + 443}}, protocol.ErrMalformed, 0},
		{"to too many ports", Redirect{Ports: make([]uint32, 129)}, protocol.ErrMalformed, 0},
		{"to nowhere", Redirect{Addr: Nowhere}, protocol.ErrUnreachable, 0},
		{"with a used ticket", Redirect{Ticket: make([]byte, 20)}, &protocol.ServerError{Code: protocol.CodeAuthFailed}, 1},
		{"to a member with another certificate", Redirect{Cert: []byte("other")}, &protocol.CertificateError{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			member := start(t, AsMember())
			tt.to.To = member
			srv := start(t, WithFault(StepLogin, RedirectTo(tt.to)))
			s, err := protocol.Dial(t.Context(), alice(srv))
			if err == nil {
				s.Close()
			}
			if !is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if n := len(member.Logins()); n != tt.logins {
				t.Errorf("%d logins at the member, want %d", n, tt.logins)
			}
			for _, r := range member.Records() {
				if r.SignatureOK && tt.logins == 0 {
					t.Error("something was said to a member that should not be trusted")
				}
			}
		})
	}
}

// TestARedirectLoopEnds, be it to the server itself or around a ring of them.
func TestARedirectLoopEnds(t *testing.T) {
	a, b := start(t), start(t)
	a.Set(WithFault(StepLogin, RedirectTo(Redirect{To: b})))
	b.Set(WithFault(StepLogin, RedirectTo(Redirect{To: a})))
	for name, srv := range map[string]*Server{
		"itself": start(t, WithFault(StepLogin, RedirectLoop)), "a ring": a,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := protocol.Dial(t.Context(), alice(srv))
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, protocol.ErrRedirectLoop) {
				t.Errorf("error %v, want %v", err, protocol.ErrRedirectLoop)
			}
			if n := len(srv.Logins()); n > 4 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

// is is errors.Is for sentinels, and errors.As for the two error types.
func is(err, want error) bool {
	var (
		server *protocol.ServerError
		cert   *protocol.CertificateError
	)
	switch want := want.(type) {
	case *protocol.ServerError:
		return errors.As(err, &server) && (want.Code == 0 || want.Code == server.Code)
	case *protocol.CertificateError:
		return errors.As(err, &cert)
	}
	return errors.Is(err, want)
}

func TestOtherAddressesAreTriedWhenTLSFails(t *testing.T) {
	good := start(t)
	bad, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	go func() {
		for {
			c, err := bad.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	cfg := alice(good)
	cfg.Host, cfg.Trust = "vpn.example", protocol.Trust{Roots: good.CertPool()}
	cfg.Resolver = resolver{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1")}
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
		to := good.Addr()
		if strings.HasPrefix(address, "[2001:db8::1]") {
			to = bad.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, "tcp", to)
	})
	s := dial(t, cfg)
	if got := s.Info().ServerAddr.Addr().String(); got != "192.0.2.1" {
		t.Errorf("connected to %s, want 192.0.2.1", got)
	}
	if name := good.Records()[0].TLS.ServerName; name != "vpn.example" {
		t.Errorf("SNI %q, want %q", name, "vpn.example")
	}
}

type resolver []netip.Addr

func (r resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return r, nil }

type dialerFunc func(ctx context.Context, address string) (net.Conn, error)

func (f dialerFunc) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return f(ctx, address)
}
