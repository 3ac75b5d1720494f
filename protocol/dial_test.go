// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
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

// A session needs its key to be attached again, and no secret of its user.
func TestASessionKeepsNoSecretOfItsLogin(t *testing.T) {
	srv := start(t)
	cfg := alice(srv)
	if s := dial(t, cfg); protocol.KeepsAuth(s) {
		t.Error("the session still holds the password")
	}
	if cfg.Auth == nil {
		t.Error("the caller's Config was changed")
	}
}
