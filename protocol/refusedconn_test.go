// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"crypto/x509"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// elsewhere lets the first connection go to srv and all others to another server.
func elsewhere(cfg *protocol.Config, other *Server) *atomic.Int32 {
	var n atomic.Int32
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
		if n.Add(1) > 1 {
			address = other.Addr()
		}
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	})
	return &n
}

func TestAnAdditionalConnectionMustShowTheSameCertificate(t *testing.T) {
	t.Parallel()
	srv := start(t, WithHandler(Echo))
	other := start(t, WithCertificate(NewCertificate(new(x509.Certificate))))
	cfg := many(srv, 4)
	cfg.Trust = protocol.Trust{Mode: protocol.TrustAny}
	tries := elsewhere(cfg, other)
	s := dial(t, cfg)
	got := collect(s)
	for ctx := within(t); tries.Load() < 4 && ctx.Err() == nil; {
		echoes(t, s, got)
	}
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections, want the first one alone", n)
	}
	for _, r := range other.Records() {
		if r.SignatureOK || len(r.Packs) > 0 {
			t.Error("the session's key was sent to another server")
		}
	}
}

// TestRefusedAdditionalConnections: the session lives on with what it has.
func TestRefusedAdditionalConnections(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{
		"too many": Refuse(15), "session unknown": Refuse(13), "wrong protocol": Refuse(14), "unknown error": Refuse(4711),
		"direction that was not granted": SetInt("direction", 1), "direction unheard of": SetInt("direction", 7),
		"garbage": GarbagePack, "hang-up": Hangup, "web page": Status("200 OK"), "endless noops": EndlessNoops,
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, WithHandler(Echo), WithFault(StepAttach, Times(2, fault)))
			cfg := many(srv, 3)
			events := watch(cfg)
			s, _ := whole(t, srv, cfg)
			echoes(t, s, collect(s))
			if len(events) > 0 || len(srv.Logins()) != 1 {
				t.Errorf("%d events, %d logins", len(events), len(srv.Logins()))
			}
		})
	}
}

// TestUncleanCloseBugWithManyConnections: on Debian's server one that is reset takes all the
// others with it, and the session ends soon (softether-protocol.md 8.6).
func TestUncleanCloseBugWithManyConnections(t *testing.T) {
	t.Parallel()
	srv := start(t, WithUncleanCloseBug())
	cfg := many(srv, 4)
	cfg.ConnectionInterval = time.Second // longer than the new ones live
	var first net.Conn
	cfg.Dialer = dialerFunc(func(ctx context.Context, address string) (c net.Conn, err error) {
		c, err = new(net.Dialer).DialContext(ctx, "tcp", address)
		if first == nil {
			first = c
		}
		return c, err
	})
	s, _ := whole(t, srv, cfg)
	s.Start(func([][]byte) {})
	first.(*net.TCPConn).CloseWrite()
	over(t, s)
	if _, retry := protocol.Classify(s.Err()); retry != protocol.RetryNow {
		t.Errorf("retry %v after %v, want at once", retry, s.Err())
	}
}
