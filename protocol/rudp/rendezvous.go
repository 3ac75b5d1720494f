// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"network-manager-softether/protocol/pack"
)

// The rendezvous service (softether-protocol.md 11.2).
const (
	rendezvousPort    = 5004
	rendezvousOp      = "nat_t_connect_request"
	rendezvousService = "SoftEther_VPN"
	rendezvousVersion = 1
	// maxInquiry bounds a datagram of the service.
	maxInquiry = 2048

	// The original asks again only after 12.8 s; a lost datagram should not cost that much. Nor should a
	// service that others pay for be pestered.
	askAgain   = time.Second
	maxAsks    = 6
	maxCookies = 3 // asked again at once, because the answer was a new cookie
)

// RendezvousHost is the name of the public server that knows the SoftEther server with that public IPv4
// address. It depends on the hash of the address.
func RendezvousHost(server netip.Addr) string {
	sum := sha1.Sum(server.Unmap().AsSlice())
	h := hex.EncodeToString(sum[1:2])
	return fmt.Sprintf("x%c.x%c.dev.servers.nat-traversal.softether-network.net.", h[0], h[1])
}

// An inquiry is the dialogue with a rendezvous server. It does no input or output.
type inquiry struct {
	target     netip.Addr // the wanted server's public address
	hint, host string
	id         uint64
	cookie     uint64 // from the service, to be returned to it
	asks       int
	cookies    int
	nextAsk    time.Duration
	pause      time.Duration
	askAtOnce  bool
}

// meeting is where the service says the server can be reached.
type meeting struct {
	addr    netip.AddrPort
	sameLAN bool
}

// ask returns the datagram to send at the time now, or nil, and when to call again.
func (q *inquiry) ask(now time.Duration) ([]byte, time.Duration, error) {
	if q.asks >= maxAsks {
		return nil, now + askAgain, nil
	}
	if !q.askAtOnce && now < q.nextAsk {
		return nil, q.nextAsk, nil
	}
	q.askAtOnce = false
	q.asks++
	q.pause = max(askAgain, 2*q.pause)
	q.nextAsk = now + q.pause
	p := new(pack.Pack)
	p.AddStr("opcode", rendezvousOp)
	p.AddInt64("tran_id", q.id)
	p.AddStr("dest_ip", q.target.String())
	p.AddInt64("cookie", q.cookie)
	if q.hint != "" {
		p.AddStr("hint", q.hint)
	}
	if q.host != "" {
		p.AddStr("target_hostname", q.host)
	}
	p.AddStr("svc_name", rendezvousService)
	p.AddInt("nat_traversal_version", rendezvousVersion)
	b, err := p.Marshal()
	return b, q.nextAsk, err
}

// hear processes a datagram of the service. It returns nil and no error while the dialogue goes on.
func (q *inquiry) hear(b []byte) (*meeting, error) {
	p, err := pack.Parse(b)
	if err != nil {
		return nil, nil // as good as lost
	}
	if c := p.Int64("cookie"); c != 0 && c != q.cookie {
		q.cookie = c
		if q.cookies++; q.cookies <= maxCookies {
			q.askAtOnce = true
		}
	}
	if p.Str("opcode") != rendezvousOp || p.Int64("tran_id") != q.id {
		return nil, nil
	}
	if !p.Bool("ok") {
		if p.Bool("multi_candidates") {
			return nil, ErrManyServers
		}
		return nil, ErrServerUnknown
	}
	addr, err := netip.ParseAddr(p.Str("result_ip"))
	port := p.Int("result_port")
	if err != nil || !addr.Is4() || addr.IsUnspecified() || addr.IsMulticast() || port == 0 || port > 0xffff {
		return nil, nil
	}
	return &meeting{netip.AddrPortFrom(addr, uint16(port)), p.Bool("same_lan")}, nil
}
