// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"
	"time"

	"network-manager-softether/protocol/pack"
)

var server = netip.MustParseAddr("203.0.113.5")

func TestRendezvousHost(t *testing.T) {
	// softether-protocol.md 11.2: the hash begins with 497d.
	want := "x7.xd.dev.servers.nat-traversal.softether-network.net."
	if got := RendezvousHost(server); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := RendezvousHost(netip.MustParseAddr("::ffff:203.0.113.5")); got != want {
		t.Errorf("mapped: got %s, want %s", got, want)
	}
}

// build makes a Pack of the service.
func build(t testing.TB, fill func(*pack.Pack)) []byte {
	t.Helper()
	p := new(pack.Pack)
	fill(p)
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRequest(t *testing.T) {
	q := inquiry{target: server, hint: "branch", host: "vpn.example.org", id: 77}
	b, next, err := q.ask(0)
	if err != nil || next != time.Second {
		t.Fatalf("%v, next at %v", err, next)
	}
	// What the official client would send, byte by byte.
	want := build(t, func(p *pack.Pack) {
		p.AddStr("opcode", "nat_t_connect_request")
		p.AddInt64("tran_id", 77)
		p.AddStr("dest_ip", "203.0.113.5")
		p.AddInt64("cookie", 0)
		p.AddStr("hint", "branch")
		p.AddStr("target_hostname", "vpn.example.org")
		p.AddStr("svc_name", "SoftEther_VPN")
		p.AddInt("nat_traversal_version", 1)
	})
	if hex.EncodeToString(b) != hex.EncodeToString(want) {
		t.Errorf("got  %x\nwant %x", b, want)
	}
	b, _, _ = (&inquiry{target: server}).ask(0)
	if p, err := pack.Parse(b); err != nil || p.Has("hint") || p.Has("target_hostname") {
		t.Errorf("without hint and host: %x, %v", b, err)
	}
}

// It asks again at growing intervals, and not for ever; at once when there is a cookie.
func TestAskingAgain(t *testing.T) {
	q := inquiry{target: server}
	var at []time.Duration
	for now := time.Duration(0); now < 5*time.Minute; now += 100 * time.Millisecond {
		if b, next, _ := q.ask(now); b != nil {
			at = append(at, now/time.Second)
		} else if next <= now {
			t.Fatalf("at %v it wants to be called at %v", now, next)
		}
	}
	want := []time.Duration{0, 1, 3, 7, 15, 31}
	if len(at) != len(want) {
		t.Fatalf("asks at %v, want %v (s)", at, want)
	}
	for i := range want {
		if at[i] != want[i] {
			t.Errorf("asks at %v, want %v (s)", at, want)
		}
	}
	q = inquiry{target: server}
	q.ask(0)
	for i := range uint64(10) {
		q.hear(build(t, func(p *pack.Pack) { p.AddInt64("cookie", 5+i) }))
		b, _, _ := q.ask(0)
		if asked := b != nil; asked != (i < maxCookies) {
			t.Errorf("cookie %d: asks %v", i, asked)
		} else if p, _ := pack.Parse(b); asked && p.Int64("cookie") != 5+i {
			t.Errorf("hands back cookie %d, want %d", p.Int64("cookie"), 5+i)
		}
	}
}

func TestAnswers(t *testing.T) {
	answer := func(fill func(*pack.Pack)) []byte {
		return build(t, func(p *pack.Pack) {
			p.AddStr("opcode", rendezvousOp)
			p.AddInt64("tran_id", 77)
			fill(p)
		})
	}
	found := func(ip string, port uint32) []byte {
		return answer(func(p *pack.Pack) {
			p.AddBool("ok", true)
			p.AddStr("result_ip", ip)
			p.AddInt("result_port", port)
		})
	}
	at := func(s string) *meeting { return &meeting{addr: netip.MustParseAddrPort(s)} }
	for _, tt := range []struct {
		name string
		b    []byte
		want *meeting
		err  error
	}{
		{"found", found("198.51.100.7", 4321), at("198.51.100.7:4321"), nil},
		{"found on the same LAN", answer(func(p *pack.Pack) {
			p.AddBool("ok", true)
			p.AddStr("result_ip", "10.0.0.7")
			p.AddInt("result_port", 1)
			p.AddBool("same_lan", true)
		}), &meeting{netip.MustParseAddrPort("10.0.0.7:1"), true}, nil},
		{"unknown", answer(func(p *pack.Pack) { p.AddBool("ok", false) }), nil, ErrServerUnknown},
		{"several", answer(func(p *pack.Pack) { p.AddBool("multi_candidates", true) }), nil, ErrManyServers},
		{"for somebody else", build(t, func(p *pack.Pack) {
			p.AddStr("opcode", rendezvousOp)
			p.AddInt64("tran_id", 78)
		}), nil, nil},
		{"of another kind", build(t, func(p *pack.Pack) {
			p.AddStr("opcode", "get_token")
			p.AddInt64("tran_id", 77)
		}), nil, nil},
		{"nowhere", found("0.0.0.0", 4321), nil, nil},
		{"everywhere", found("224.0.0.1", 4321), nil, nil},
		{"IPv6", found("2001:db8::1", 4321), nil, nil},
		{"no address", found("next door", 4321), nil, nil},
		{"no port", found("198.51.100.7", 0), nil, nil},
		{"too much of a port", found("198.51.100.7", 65536+443), nil, nil},
		{"noise", []byte("hello"), nil, nil},
		{"nothing", nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := (&inquiry{target: server, id: 77}).hear(tt.b)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func FuzzAnswerOfRendezvous(f *testing.F) {
	f.Add(build(f, func(p *pack.Pack) {
		p.AddStr("opcode", rendezvousOp)
		p.AddInt64("tran_id", 77)
		p.AddBool("ok", true)
		p.AddStr("result_ip", "198.51.100.7")
		p.AddInt("result_port", 4321)
	}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := (&inquiry{target: server, id: 77}).hear(b)
		if m != nil && (err != nil || !m.addr.IsValid() || !m.addr.Addr().Is4() || m.addr.Port() == 0) {
			t.Errorf("meets at %v, %v", m.addr, err)
		}
	})
}
