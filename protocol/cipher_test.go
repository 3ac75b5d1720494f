// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// withoutForwardSecrecy are the suites of servers that can do nothing but RSA key exchange.
var withoutForwardSecrecy = []uint16{
	tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
}

// rsaCertificate is a certificate with an RSA key, as SoftEther servers have.
func rsaCertificate(t *testing.T) Option {
	t.Helper()
	key := rsaKey(t, 2048)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return WithCertificate(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
}

func TestServersWithRSAKeyExchangeAloneAreReached(t *testing.T) {
	for _, suite := range withoutForwardSecrecy {
		t.Run(tls.CipherSuiteName(suite), func(t *testing.T) {
			srv := start(t, rsaCertificate(t), WithTLS(func(c *tls.Config) { c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{suite} }))
			cfg := alice(srv)
			log := logged(cfg)
			s := dial(t, cfg)
			if got := s.Info().CipherSuite; got != suite {
				t.Errorf("the cipher is %s", tls.CipherSuiteName(got))
			}
			if n := strings.Count(log.String(), "no forward secrecy"); n != 1 || !strings.Contains(log.String(), "ServerCipherSet ECDHE") {
				t.Errorf("said %d times: %s", n, log)
			}
		})
	}
}

func TestForwardSecrecyIsTakenWhereItCanBeHad(t *testing.T) {
	ecdhe := tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.3": func(*tls.Config) {},
		"TLS 1.2": func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
		"both": func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, append(slices.Clone(withoutForwardSecrecy), ecdhe)
		},
	} {
		srv := start(t, rsaCertificate(t), WithTLS(change))
		cfg := alice(srv)
		log := logged(cfg)
		s := dial(t, cfg)
		if slices.Contains(withoutForwardSecrecy, s.Info().CipherSuite) || strings.Contains(log.String(), "forward secrecy") {
			t.Errorf("%s: %s, %s", name, tls.CipherSuiteName(s.Info().CipherSuite), log)
		}
	}
}

// What counts is what goes over the wire: crypto/tls orders the suites as it likes.
func TestRSAKeyExchangeIsOfferedBehindEverythingElse(t *testing.T) {
	hellos := make(chan []uint16, 8)
	srv := start(t, WithTLS(func(c *tls.Config) {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			select {
			case hellos <- slices.Clone(hello.CipherSuites):
			default:
			}
			return nil, nil
		}
	}))
	dial(t, alice(srv))
	offered := <-hellos
	first := slices.IndexFunc(offered, func(id uint16) bool { return slices.Contains(withoutForwardSecrecy, id) })
	if first < 1 {
		t.Fatalf("offered %x", offered)
	}
	// The suites of TLS 1.3 are no alternative to those of TLS 1.2, wherever they stand.
	rest := slices.DeleteFunc(offered[first:], func(id uint16) bool { return id>>8 == 0x13 })
	if len(rest) != len(withoutForwardSecrecy) {
		t.Errorf("behind RSA key exchange there are others: %x", offered)
	}
	for _, id := range rest {
		if !slices.Contains(withoutForwardSecrecy, id) {
			t.Errorf("%s is offered behind RSA key exchange", tls.CipherSuiteName(id))
		}
	}
}

// A server with DHE alone ends the handshake with an alert that does not say why.
func TestRemedyOfAServerWithoutACommonCipher(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, test := range []struct {
		alert byte
		want  bool
	}{{40, true}, {71, true}, {80, false}} {
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, test.alert})
		}()
		cfg := alice(start(t))
		cfg.Host, cfg.Port = "127.0.0.1", uint16(l.Addr().(*net.TCPAddr).Port)
		_, err := protocol.Dial(t.Context(), cfg)
		if hint := protocol.Hint(err); strings.Contains(hint, "DHE") != test.want || err == nil {
			t.Errorf("alert %d: %v, hint %q", test.alert, err, hint)
		}
	}
}
