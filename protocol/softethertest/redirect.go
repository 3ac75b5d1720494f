// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"crypto/rand"
	"net/netip"
	"time"

	"network-manager-softether/protocol/pack"
)

// A Redirect says where a cluster controller sends sessions. What is not set is taken from the member To; set
// it to lie about it.
type Redirect struct {
	To      *Server
	Addr    netip.Addr // IPv4
	Ports   []uint32
	Ticket  []byte
	Cert    []byte // DER
	Message string
}

// ticketLife is how long a ticket can be used.
const ticketLife = time.Minute

type ticket struct {
	hub, user string // folded
	expires   time.Time
}

// Ticket returns a ticket that logs user in to hub once, within a minute.
func (s *Server) Ticket(hub, user string) []byte {
	var key [keyLen]byte
	rand.Read(key[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tickets[key] = ticket{foldASCII(hub), foldASCII(user), time.Now().Add(ticketLife)}
	return key[:]
}

// redeem returns the user that value was issued for. It works once.
func (s *Server) redeem(hub *Hub, user string, value []byte) (*User, uint32) {
	if len(value) != keyLen {
		return nil, errAuthFailed
	}
	key := [keyLen]byte(value)
	s.mu.Lock()
	t, ok := s.tickets[key]
	delete(s.tickets, key)
	s.mu.Unlock()
	if !ok || t.hub != foldASCII(hub.Name) || t.user != foldASCII(user) || time.Now().After(t.expires) {
		return nil, errAuthFailed
	}
	if u := hub.user(user); u != nil {
		return u, 0
	}
	return &User{Name: user}, 0
}

// redirect answers a login by sending the client elsewhere.
func (c *conn) redirect(r *Redirect, hub *Hub, user *User) error {
	if err := c.say(StepLogin, r.pack(hub.Name, user.Name, c.srv.settings().new502)); err != nil {
		return err
	}
	return c.redirected()
}

// redirected takes the acknowledgement of a redirect and waits for the client to
// hang up, as the real server does.
func (c *conn) redirected() error {
	if _, err := c.receive(); err != nil {
		return err
	}
	var p pack.Pack
	p.AddInt("error", 0)
	if err := c.send(&p); err != nil {
		return err
	}
	c.limit()
	if _, err := readRequest(c.br); err != nil {
		return err
	}
	return c.bye(errOver)
}

func (r *Redirect) pack(hub, user string, new502 bool) *pack.Pack {
	addr, ports, ticket, cert := r.Addr, r.Ports, r.Ticket, r.Cert
	if !addr.IsValid() {
		addr = r.To.AddrPort().Addr()
	}
	if ports == nil {
		ports = []uint32{uint32(r.To.Port())}
	}
	if ticket == nil {
		ticket = r.To.Ticket(hub, user)
	}
	if cert == nil {
		cert = r.To.Cert().Raw
	}
	var p pack.Pack
	p.AddInt("Redirect", 1)
	addIP(&p, "Ip", addr, new502)
	p.AddInt("Port", ports...)
	p.AddData("Ticket", ticket)
	p.AddData("Cert", cert)
	if r.Message != "" {
		p.AddData("Msg", []byte(r.Message))
	}
	return &p
}

// addIP adds an address in the form of the imitated version: 5.02 puts IPv4 addresses into the array as well.
func addIP(p *pack.Pack, name string, a netip.Addr, new502 bool) {
	p.AddIP(name, a)
	if new502 && a.Is4() {
		array := a.As16()
		p.Del(name + "@ipv6_array")
		p.AddData(name+"@ipv6_array", array[:])
	}
}
