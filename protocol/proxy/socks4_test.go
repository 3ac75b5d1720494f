// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"net"
	"net/netip"
	"testing"
)

// names is a resolver that knows one name.
type names struct{}

func (names) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	if network != "ip4" || host != "vpn.test" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
}

func TestSOCKS4(t *testing.T) {
	const (
		byAddr   = "\x04\x01\x01\xbb\xc0\x00\x02\x01joe\x00"
		byName   = "\x04\x01\x01\xbb\x00\x00\x00\x01joe\x00vpn.test\x00"
		granted  = "\x00\x5a\x00\x00\x00\x00\x00\x00"
		rejected = "\x00\x5b\x00\x00\x00\x00\x00\x00"
	)
	for _, tt := range []struct {
		name, target string
		resolver     Resolver
		scripts      [][]line
		reason       Reason
		text         string
	}{
		{"address", "192.0.2.1:443", nil, [][]line{{{byAddr, granted}}}, 0, ""},
		{"name, by 4a", "vpn.test:443", names{}, [][]line{{{byName, granted}}}, 0, ""},
		{"name, to a proxy without 4a", "vpn.test:443", names{}, [][]line{{{byName, rejected}}, {{byAddr, granted}}}, 0, ""},
		{"name, and nobody here knows it", "vpn.test:443", nil, [][]line{{{byName, rejected}}}, NoTarget, "rejected or failed"},
		{"both rejected", "vpn.test:443", names{}, [][]line{{{byName, rejected}}, {{byAddr, rejected}}}, NoTarget, "rejected or failed"},
		{"identd", "192.0.2.1:443", nil, [][]line{{{byAddr, "\x00\x5d\x00\x00\x00\x00\x00\x00"}}}, Denied, "identd"},
		{"unknown", "192.0.2.1:443", nil, [][]line{{{byAddr, "\x00\x01\x00\x00\x00\x00\x00\x00"}}}, Failed, "answer 1"},
		{"not SOCKS", "192.0.2.1:443", nil, [][]line{{{byAddr, "HTTP/1.1"}}}, Failed, "is it a SOCKS4 proxy"},
		{"hangs up", "192.0.2.1:443", nil, [][]line{{{byAddr, hangUp}}}, Failed, "hung up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(Config{Kind: SOCKS4, Host: "proxy.test", Port: 1080, User: "joe", Resolver: tt.resolver})
			if err != nil {
				t.Fatal(err)
			}
			wantReason(t, connect(t, p, tt.target, tt.scripts...), tt.reason, tt.text)
		})
	}
	s := &scripted{t: t, scripts: [][]line{{}}}
	conn, _ := s.dial(t.Context())
	_, err := proxyOf(t, SOCKS4, "", "").Connect(t.Context(), conn, s.dial, "[2001:db8::1]:443")
	wantReason(t, err, Failed, "cannot carry the IPv6 address")
	s.wg.Wait()
}
