// SPDX-License-Identifier: Apache-2.0

package rudptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"network-manager-softether/protocol/pack"
)

// A Registration is a server that has told the rendezvous server of itself, from
// behind a NAT. It was observed at Debian's 5.01.9674: get_token, then nat_t_register
// with the token every 220 to 240 s, and a lone "A" every 24 to 28 s to keep the NAT
// open, answered with the address it came from. When a client asks for it, the server
// is told by nat_t_connect_relay and punches.
type Registration struct {
	Public     netip.AddrPort // where its NAT has put it
	HostName   string
	PrivateIP  string // may be empty
	SessionKey uint64 // to be shown to it by who speaks for the rendezvous server
}

// Register makes a server known, as if it had done so itself.
func (r *Rendezvous) Register(s Registration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.registered = slices.DeleteFunc(r.registered, func(old Registration) bool { return old.Public == s.Public })
	r.registered = append(r.registered, s)
}

// Registered returns the servers that are known, the latest last.
func (r *Rendezvous) Registered() []Registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.registered)
}

// Relay says whether servers are told of clients, as they are from the start. Without
// that no NAT is opened.
func (r *Rendezvous) Relay(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = !on
}

const token = "a token"

// fromServer answers what servers send; it returns nil for anything else.
func (r *Rendezvous) fromServer(b []byte, from netip.AddrPort) []byte {
	where := fmt.Sprintf("IP=%v,PORT=%d", from.Addr(), from.Port())
	if len(b) == 1 && (b[0] == 'A' || b[0] == 'B') {
		return []byte(where)
	}
	request, err := pack.Parse(b)
	if err != nil {
		return nil
	}
	p := new(pack.Pack)
	p.AddStr("opcode", request.Str("opcode"))
	p.AddInt64("tran_id", request.Int64("tran_id"))
	switch request.Str("opcode") {
	case "get_token":
		p.AddBool("ok", true)
		p.AddStr("token", token)
		p.AddStr("your_ip", from.Addr().String())
	case "nat_t_register":
		ok := request.Str("token") == token
		p.AddBool("ok", ok)
		p.AddStr("your_ip_and_port", where)
		p.AddInt("your_port", uint32(from.Port()))
		// Who was not relayed is turned away, unless its address is a private one.
		p.AddBool("enable_source_ip_validation", true)
		if ok {
			r.Register(Registration{from, request.Str("host_name"), request.Str("private_ip"), request.Int64("session_key")})
		}
	default:
		return nil
	}
	return marshal(p)
}

// meet looks for the server that a client asks for. If there is one, it is told where the client is.
func (r *Rendezvous) meet(request *pack.Pack, client netip.AddrPort) (where netip.AddrPort, many bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Registration
	hint := request.Str("hint")
	for _, s := range r.registered {
		if s.Public.Addr().String() == request.Str("dest_ip") &&
			(hint == "" || strings.EqualFold(hint, s.HostName) || hint == s.PrivateIP) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return where, len(found) > 1
	}
	s := found[0]
	if !r.silent {
		p := new(pack.Pack)
		p.AddStr("opcode", "nat_t_connect_relay")
		p.AddBool("ok", true)
		p.AddInt64("session_key", s.SessionKey)
		p.AddStr("client_ip", client.Addr().String())
		p.AddInt("client_port", uint32(client.Port()))
		_, _ = r.conn.WriteToUDPAddrPort(marshal(p), s.Public) // the client asks again
	}
	return s.Public, false
}
