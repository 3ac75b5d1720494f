// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"net/netip"
	"testing"

	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/softethertest"
)

func TestRedirect(t *testing.T) {
	member := newServer(t, softethertest.AsMember())
	controller := newServer(t, softethertest.WithRedirect(&softethertest.Redirect{To: member, Message: "welcome"}))
	c, p := login(t, controller)
	a, ok := p.IP("Ip")
	if !p.Bool("Redirect") || !ok || netip.AddrPortFrom(a, uint16(p.Int("Port"))) != member.AddrPort() ||
		string(p.Data("Cert")) != string(member.Cert().Raw) || string(p.Data("Msg")) != "welcome" {
		t.Fatalf("redirect to %v, port %d, with %v", a, p.Int("Port"), p.Names())
	}
	if ack := c.ask(&pack.Pack{}); ack.Int("error") != 0 || !ack.Has("error") {
		t.Errorf("error %d for the acknowledgement", ack.Int("error"))
	}
	withTicket := []func(*pack.Pack){num("authtype", 99), data("ticket", p.Data("Ticket"))}
	if _, p := login(t, member, append(withTicket, str("username", "alice"))...); p.Int("error") != 9 {
		t.Errorf("error %d for another's ticket, want 9", p.Int("error"))
	}
	_, p = login(t, controller)
	withTicket[1] = data("ticket", p.Data("Ticket"))
	if _, p := login(t, member, withTicket...); p.Int("error") != 0 || !p.Has("session_key") {
		t.Errorf("error %d for a good ticket", p.Int("error"))
	}
	if _, p := login(t, member, withTicket...); p.Int("error") != 9 {
		t.Errorf("error %d for a used ticket, want 9", p.Int("error"))
	}
}
