// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol/pack"
)

var local4 = netip.MustParseAddrPort("192.0.2.7:4321")

// answer is a welcome's grant, without what change takes away or replaces.
func answer(version int, change func(name string, add func(v any))) *pack.Pack {
	p := new(pack.Pack)
	add := func(name string, v any) {
		put := func(v any) {
			switch v := v.(type) {
			case int:
				p.AddInt(name, uint32(v))
			case bool:
				p.AddBool(name, v)
			case []byte:
				p.AddData(name, v)
			}
		}
		if change == nil {
			put(v)
			return
		}
		changed := false
		change(name, func(v any) { put(v); changed = true })
		if !changed {
			put(v)
		}
	}
	add("use_udp_acceleration", true)
	add("udp_acceleration_version", version)
	add("udp_acceleration_server_port", 40000)
	add("udp_acceleration_server_key", counting(1, v1KeyLen))
	add("udp_acceleration_server_key_v2", counting(2, v2KeyLen))
	add("udp_acceleration_server_cookie", 5)
	add("udp_acceleration_client_cookie", 6)
	add("udp_acceleration_use_encryption", true)
	add("use_hmac_on_udp_acceleration", true)
	add("udp_accel_fast_disconnect_detect", true)
	return p
}

func replace(name string, v any) func(string, func(any)) {
	return func(n string, add func(any)) {
		if n == name {
			add(v)
		}
	}
}

func TestOfferHasAllElements(t *testing.T) {
	for _, tt := range []struct {
		local string
		want  netip.Addr
	}{
		{"192.0.2.7:4321", netip.IPv4Unspecified()},
		{"[2001:db8::7]:4321", netip.IPv6Unspecified()},
	} {
		o := NewOffer(netip.MustParseAddrPort(tt.local), 2)
		p := new(pack.Pack)
		o.AddTo(p)
		b, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if p, err = pack.Parse(b); err != nil {
			t.Fatal(err)
		}
		if ip, ok := p.IP("udp_acceleration_client_ip"); !ok || ip != tt.want {
			t.Errorf("from %s the address is %v, %v", tt.local, ip, ok)
		}
		for name, want := range map[string]uint32{
			"use_udp_acceleration": 1, "udp_acceleration_version": 1, "udp_acceleration_max_version": 2,
			"udp_acceleration_client_port": 4321, "support_hmac_on_udp_acceleration": 1,
			"support_udp_accel_fast_disconnect_detect": 1,
		} {
			if got := p.Int(name); got != want {
				t.Errorf("%s is %d, want %d", name, got, want)
			}
		}
		if n, m := len(p.Data("udp_acceleration_client_key")), len(p.Data("udp_acceleration_client_key_v2")); n != 20 || m != 128 {
			t.Errorf("keys of %d and %d bytes", n, m)
		}
	}
}

func TestKeysAreFreshEachTime(t *testing.T) {
	a, b := NewOffer(local4, 2), NewOffer(local4, 2)
	if a.key1 == b.key1 || a.key2 == b.key2 {
		t.Error("two offers share a key")
	}
}

func TestGrantIsRead(t *testing.T) {
	o := NewOffer(local4, 2)
	for version, want := range map[int]Params{
		1: {Version: 1, SendKey: o.key1[:], RecvKey: counting(1, v1KeyLen), SendCookie: 5, RecvCookie: 6, Fast: true},
		2: {Version: 2, SendKey: o.key2[:], RecvKey: counting(2, v2KeyLen), SendCookie: 5, RecvCookie: 6, Fast: true},
	} {
		g, err := o.Accept(answer(version, nil), 1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&Grant{Params: want, Port: 40000}, g); diff != "" {
			t.Errorf("unexpected grant (-want +got):\n%s", diff)
		}
		if _, err := NewEngine(g.Params); err != nil {
			t.Error(err)
		}
	}
}

func TestOldServerWithoutVersionMeansVersion1(t *testing.T) {
	g, err := NewOffer(local4, 2).Accept(answer(0, nil), 1)
	if err != nil || g.Version != 1 {
		t.Errorf("got %+v, %v", g, err)
	}
}

func TestNoGrantIsNoError(t *testing.T) {
	o := NewOffer(local4, 2)
	for _, p := range []*pack.Pack{{}, answer(2, replace("use_udp_acceleration", false))} {
		if g, err := o.Accept(p, 1); g != nil || err != nil {
			t.Errorf("got %+v, %v", g, err)
		}
	}
}

func TestUnusableGrantsAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name         string
		offer, least int
		p            *pack.Pack
	}{
		{"version 1, not wanted", 2, 2, answer(1, nil)},
		{"version 2, not offered", 1, 1, answer(2, nil)},
		{"version 3", 2, 1, answer(3, nil)},
		{"version of all ones", 2, 1, answer(-1, nil)},
		{"plain", 2, 1, answer(2, replace("udp_acceleration_use_encryption", false))},
		{"no port", 2, 1, answer(2, replace("udp_acceleration_server_port", 0))},
		{"port beyond", 2, 1, answer(2, replace("udp_acceleration_server_port", 65536))},
		{"no server cookie", 2, 1, answer(2, replace("udp_acceleration_server_cookie", 0))},
		{"no client cookie", 2, 1, answer(2, replace("udp_acceleration_client_cookie", 0))},
		{"short key", 2, 1, answer(2, replace("udp_acceleration_server_key_v2", make([]byte, 127)))},
		{"short old key", 2, 1, answer(1, replace("udp_acceleration_server_key", make([]byte, 19)))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if g, err := NewOffer(local4, tt.offer).Accept(tt.p, tt.least); g != nil || !errors.Is(err, ErrGrant) {
				t.Errorf("got %+v, %v", g, err)
			}
		})
	}
}
