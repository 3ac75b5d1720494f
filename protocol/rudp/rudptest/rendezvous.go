// SPDX-License-Identifier: Apache-2.0

package rudptest

import (
	"net"
	"net/netip"
	"sync"

	"network-manager-softether/protocol/pack"
)

// A Rendezvous stands in for SoftEther's public NAT traversal servers
// (softether-protocol.md 11.2). Set its fields before the first client comes. Real
// servers may register themselves (registry.go).
type Rendezvous struct {
	// Servers says where the server with a public address is to be found, for those
	// that do not register.
	Servers map[netip.Addr]netip.AddrPort
	// Hinted are servers that need the hint as well.
	Hinted map[string]netip.AddrPort
	// SameLAN is told to clients.
	SameLAN bool
	// Cookie, if not 0, must be handed back before there is an answer.
	Cookie uint64
	// Lose is how many requests are not answered.
	Lose int
	// Before is called before an answer is sent, with the client's address: the
	// place to punch.
	Before func(client netip.AddrPort)
	// Answer may change an answer, or return other bytes instead.
	Answer func(request, answer *pack.Pack) []byte

	conn       *net.UDPConn
	serving    sync.WaitGroup
	mu         sync.Mutex
	asked      []*pack.Pack
	registered []Registration
	silent     bool // Relay
}

// Start listens on 127.0.0.1.
func (r *Rendezvous) Start() error {
	return r.Listen(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0))
}

// Listen listens on an address.
func (r *Rendezvous) Listen(addr netip.AddrPort) error {
	var err error
	if r.conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr)); err != nil {
		return err
	}
	r.serving.Go(r.serve)
	return nil
}

// AddrPort returns where it listens.
func (r *Rendezvous) AddrPort() netip.AddrPort {
	return r.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Asked returns the requests so far.
func (r *Rendezvous) Asked() []*pack.Pack {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*pack.Pack(nil), r.asked...)
}

// Close stops the stand-in.
func (r *Rendezvous) Close() error {
	err := r.conn.Close()
	r.serving.Wait()
	return err
}

func (r *Rendezvous) serve() {
	buf := make([]byte, 4096)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if b := r.fromServer(append([]byte(nil), buf[:n]...), from); b != nil {
			_, _ = r.conn.WriteToUDPAddrPort(b, from) // the server registers again
			continue
		}
		request, err := pack.Parse(append([]byte(nil), buf[:n]...))
		if err != nil || request.Str("opcode") != "nat_t_connect_request" {
			continue
		}
		r.mu.Lock()
		r.asked = append(r.asked, request)
		lost := len(r.asked) <= r.Lose
		r.mu.Unlock()
		if lost {
			continue
		}
		if r.Before != nil {
			r.Before(from)
		}
		if b := r.answer(request, from); b != nil {
			_, _ = r.conn.WriteToUDPAddrPort(b, from) // the client asks again
		}
	}
}

func (r *Rendezvous) answer(request *pack.Pack, client netip.AddrPort) []byte {
	p := new(pack.Pack)
	if r.Cookie != 0 {
		p.AddInt64("cookie", r.Cookie)
		if request.Int64("cookie") != r.Cookie {
			return marshal(p)
		}
	}
	p.AddStr("opcode", "nat_t_connect_request")
	p.AddInt64("tran_id", request.Int64("tran_id"))
	addr, _ := netip.ParseAddr(request.Str("dest_ip"))
	where, ok := r.Servers[addr]
	if hinted, found := r.Hinted[request.Str("hint")]; found {
		where, ok = hinted, true
	}
	many := !ok && len(r.Hinted) > 0
	if !ok && !many {
		where, many = r.meet(request, client)
		ok = where.IsValid()
	}
	p.AddBool("ok", ok)
	p.AddBool("multi_candidates", many)
	if ok {
		p.AddStr("result_ip", where.Addr().String())
		p.AddInt("result_port", uint32(where.Port()))
		p.AddBool("same_lan", r.SameLAN)
	}
	if r.Answer != nil {
		return r.Answer(request, p)
	}
	return marshal(p)
}

func marshal(p *pack.Pack) []byte {
	b, err := p.Marshal()
	if err != nil {
		panic("rudptest: " + err.Error()) // a name is too long, or given twice
	}
	return b
}
