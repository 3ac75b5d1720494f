// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/softethertest"
)

func TestSecurePasswordIsThatOfTheOfficialClient(t *testing.T) {
	random := []byte(strings.Repeat("\x11", 20))
	sum := softethertest.SecurePassword("alice", "secret1", random)
	if got, want := hex.EncodeToString(sum[:]), "24d058d0bbf6e19edac7156806747f85e618d383"; got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	if softethertest.SecurePassword("Ålice", "x", random) != softethertest.SecurePassword("ÅLICE", "x", random) {
		t.Error("letters a-z of the name are not upper-cased")
	}
	if softethertest.SecurePassword("ålice", "x", random) == softethertest.SecurePassword("Ålice", "x", random) {
		t.Error("a letter beyond ASCII is upper-cased")
	}
}

// Every refusal of softether-protocol.md 6.8, and who gets in.
func TestWhoGetsIn(t *testing.T) {
	anon := func(policy map[string]uint32) []softethertest.User {
		return []softethertest.User{{Name: "anon", Anonymous: true, Policy: policy}}
	}
	everybody := softethertest.Hub{Name: "TEST", AdminPassword: "hubpw", Users: []softethertest.User{
		{Name: "alice", Password: "secret1"},
		{Name: "anon", Anonymous: true},
		{Name: "rad", External: func(u, p string) bool { return u == "rad" && p == "radpw" }},
		{Name: "cert", CertDER: []byte("x")},
		{Name: "*", External: func(u, p string) bool { return u == "dora" && p == "dorapw" }},
	}}
	hashed := func(user, password string) func(*client, *pack.Pack) {
		return func(c *client, p *pack.Pack) {
			str("username", user)(p)
			num("authtype", 1)(p)
			answer := softethertest.SecurePassword(user, password, c.random)
			p.AddData("secure_password", answer[:])
		}
	}
	plain := func(user, password string) func(*client, *pack.Pack) {
		return func(_ *client, p *pack.Pack) {
			str("username", user)(p)
			num("authtype", 2)(p)
			p.AddStr("plain_password", password)
		}
	}
	just := func(changes ...func(*pack.Pack)) func(*client, *pack.Pack) {
		return func(_ *client, p *pack.Pack) {
			for _, f := range changes {
				f(p)
			}
		}
	}
	hub := func(h softethertest.Hub) []softethertest.Option {
		h.Name = "TEST"
		return []softethertest.Option{softethertest.WithHub(h)}
	}
	all := hub(everybody)
	for _, tt := range []struct {
		name string
		opts []softethertest.Option
		ask  func(*client, *pack.Pack)
		want uint32
	}{
		{"anonymous", all, just(), 0},
		{"password", all, hashed("alice", "secret1"), 0},
		{"user in other letters", all, hashed("ALICE", "secret1"), 0},
		{"password to an anonymous user", all, hashed("anon", "whatever"), 0},
		{"plain password", all, plain("alice", "secret1"), 0},
		{"RADIUS", all, plain("rad", "radpw"), 0},
		{"everybody else", all, plain("dora", "dorapw"), 0},
		{"administrator", all, hashed("Administrator", "hubpw"), 0},

		{"no hub", all, just(func(p *pack.Pack) { p.Del("hubname") }), 4},
		{"no user", all, just(func(p *pack.Pack) { p.Del("username") }), 4},
		{"smart card on the wire", all, just(str("username", "alice"), num("authtype", 4)), 7},
		{"type 55", all, just(str("username", "alice"), num("authtype", 55)), 7},
		{"unknown hub", all, just(str("hubname", "NONE")), 8},
		{"empty hub", all, just(str("hubname", "")), 8},
		{"wrong password", all, hashed("alice", "secret2"), 9},
		{"wrong plain password", all, plain("alice", "secret2"), 9},
		{"unknown user", all, hashed("bob", "secret1"), 9},
		{"hash to a RADIUS user", all, hashed("rad", "radpw"), 9},
		{"password to a certificate user", all, plain("cert", ""), 9},
		{"anonymous as alice", all, just(str("username", "alice")), 9},
		{"wrong RADIUS password", all, plain("rad", "x"), 9},
		{"made-up ticket", all, just(num("authtype", 99), data("ticket", make([]byte, 20))), 9},

		{"hub offline", hub(softethertest.Hub{Offline: true}), just(), 10},
		{"hub not accepting", hub(softethertest.Hub{NotAccepting: true}), just(), 105},
		{"address denied", hub(softethertest.Hub{Deny: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}), just(), 109},
		{"expired", hub(softethertest.Hub{Users: []softethertest.User{{Name: "anon", Anonymous: true, Expired: true}}}), just(), 12},
		{"no access", hub(softethertest.Hub{Users: anon(map[string]uint32{"Access": 0})}), just(), 12},
		{"member without ticket", append(hub(everybody), softethertest.AsMember()), hashed("alice", "secret1"), 12},
		{"administrator at a member", append(hub(everybody), softethertest.AsMember()), hashed("Administrator", "hubpw"), 0},
		{"old client", hub(softethertest.Hub{Users: anon(nil), MinBuild: 9000}), just(str("hello", "A Client"), num("client_build", 1)), 87},
		{"old, but no client", hub(softethertest.Hub{Users: anon(nil), MinBuild: 9000}), just(str("client_str", "A Client"), num("client_build", 1)), 0},
		{"NoSavePassword wants 6560", hub(softethertest.Hub{Users: anon(map[string]uint32{"NoSavePassword": 1})}), just(str("hello", "client"), num("client_build", 1)), 87},
		{
			"not in 5.02", append(hub(softethertest.Hub{Users: anon(map[string]uint32{"NoSavePassword": 1})}), softethertest.As502()),
			just(str("hello", "client"), num("client_build", 1)), 0,
		},
		{"client id", hub(softethertest.Hub{Users: anon(nil), ClientID: 7}), just(), 127},
		{"right client id", hub(softethertest.Hub{Users: anon(nil), ClientID: 7}), just(num("client_id", 7)), 0},
		{"monitor mode", all, just(num("require_monitor_mode", 1)), 107},
		{"bridge mode", hub(softethertest.Hub{Users: anon(map[string]uint32{"NoBridge": 1, "NoRouting": 1})}), just(num("require_bridge_routing_mode", 1)), 108},
		{"bridge by name", hub(softethertest.Hub{Users: anon(map[string]uint32{"NoBridge": 1, "NoRouting": 1})}), just(str("client_str", "My Bridge")), 108},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, newServer(t, tt.opts...))
			c.random = c.hello().Data("random")
			p := loginPack()
			tt.ask(c, p)
			got := c.ask(p)
			if got.Int("error") != tt.want || got.Has("session_key") != (tt.want == 0) {
				t.Errorf("error %d, want %d", got.Int("error"), tt.want)
			}
		})
	}
}

func TestSessionLimits(t *testing.T) {
	s := newServer(t, softethertest.WithHub(softethertest.Hub{Name: "TEST", MaxSessions: 2, Users: []softethertest.User{
		{Name: "one", Anonymous: true, Policy: map[string]uint32{"MultiLogins": 1}},
		{Name: "anon", Anonymous: true},
	}}))
	id := func(b byte) func(*pack.Pack) { return data("UniqueId", []byte(strings.Repeat(string(b), 16))) }
	first, p := login(t, s, str("username", "one"), id('a'))
	if p.Int("error") != 0 {
		t.Fatalf("error %d", p.Int("error"))
	}
	sess := session(t, s)
	if _, p := login(t, s, str("username", "one"), id('b')); p.Int("error") != 20 {
		t.Errorf("error %d for a second login from elsewhere, want 20", p.Int("error"))
	}
	second, p := login(t, s, str("username", "one"), id('a'))
	if p.Int("error") != 0 {
		t.Errorf("error %d for a second login from the same computer, want none", p.Int("error"))
	}
	if _, p := login(t, s); p.Int("error") != 16 {
		t.Errorf("error %d at the hub's limit, want 16", p.Int("error"))
	}
	second.conn.Close()
	first.conn.Close()
	if err := sess.WaitConns(waitCtx(t), 0); err != nil {
		t.Fatal(err)
	}
	sess.Kick()
	if _, p := login(t, s); p.Int("error") != 0 {
		t.Errorf("error %d when there is room again", p.Int("error"))
	}
}

func TestNoSavePasswordIsToldOnRefusal(t *testing.T) {
	s := newServer(t, softethertest.WithHub(softethertest.Hub{Name: "TEST", Users: []softethertest.User{
		{Name: "alice", Password: "x", Policy: map[string]uint32{"NoSavePassword": 1}},
	}}))
	if _, p := login(t, s, str("username", "alice")); p.Int("error") != 9 || p.Int("no_save_password") != 1 {
		t.Errorf("error %d, no_save_password %d", p.Int("error"), p.Int("no_save_password"))
	}
	s.Set(softethertest.WithHub(softethertest.Hub{Name: "TEST", Users: []softethertest.User{{Name: "alice", Password: "x"}}}))
	if _, p := login(t, s, str("username", "alice")); p.Int("error") != 9 || p.Int("no_save_password") != 0 || !p.Has("no_save_password") {
		t.Errorf("error %d, no_save_password %d", p.Int("error"), p.Int("no_save_password"))
	}
}
