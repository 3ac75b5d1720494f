// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"errors"
	"net/netip"
	"testing"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

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
