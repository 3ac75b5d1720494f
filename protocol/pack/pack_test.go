// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol/pack"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "", "\t", "").Replace(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// content is all of a Pack that its getters show.
type content struct {
	Name   string
	Ints   []uint32
	Int64  uint64
	Data   []byte
	Strs   []string
	UniStr string
}

func contents(p *pack.Pack) []content {
	var all []content
	for _, n := range p.Names() {
		all = append(all, content{n, p.Ints(n), p.Int64(n), p.Data(n), p.Strs(n), p.UniStr(n)})
	}
	return all
}

// vectors are softether-protocol.md appendix A, and every type with more values
// than one.
var vectors = []struct {
	name  string
	build func(*pack.Pack)
	wire  string
	want  []content
}{
	{"no element", func(*pack.Pack) {}, "00000000", nil},
	{
		"login", func(p *pack.Pack) {
			p.AddStr("method", "login")
			p.AddInt("authtype", 1)
		}, `00000002 00000007 6d6574686f64 00000002 00000001 00000005 6c6f67696e
		00000009 6175746874797065 00000000 00000001 00000001`,
		[]content{{Name: "method", Strs: []string{"login"}}, {Name: "authtype", Ints: []uint32{1}}},
	},
	{
		"the other types", func(p *pack.Pack) {
			p.AddUniStr("u", "A")
			p.AddInt64("q", 1)
			p.AddData("d", []byte{0xaa, 0xbb})
		}, `00000003 00000002 75 00000003 00000001 00000002 4100
		00000002 71 00000004 00000001 0000000000000001
		00000002 64 00000001 00000001 00000002 aabb`,
		[]content{{Name: "u", UniStr: "A"}, {Name: "q", Int64: 1}, {Name: "d", Data: []byte{0xaa, 0xbb}}},
	},
	{
		"IPv4 address", func(p *pack.Pack) { p.AddIP("ip", netip.MustParseAddr("192.168.0.1")) },
		`00000004 0000000d 697040697076365f626f6f6c 00000000 00000001 00000000
		0000000e 697040697076365f6172726179 00000001 00000001 00000010 00000000000000000000000000000000
		00000011 697040697076365f73636f70655f6964 00000000 00000001 00000000
		00000003 6970 00000000 00000001 0100a8c0`,
		[]content{
			{Name: "ip@ipv6_bool", Ints: []uint32{0}},
			{Name: "ip@ipv6_array", Data: make([]byte, 16)},
			{Name: "ip@ipv6_scope_id", Ints: []uint32{0}},
			{Name: "ip", Ints: []uint32{0x0100a8c0}},
		},
	},
	{
		"several values", func(p *pack.Pack) {
			p.AddInt("Port", 443, 992)
			p.AddStr("HubName", "A", "", "Zürich")
		}, `00000002 00000005 506f7274 00000000 00000002 000001bb 000003e0
		00000008 4875624e616d65 00000002 00000003 00000001 41 00000000 00000007 5ac3bc72696368`,
		[]content{{Name: "Port", Ints: []uint32{443, 992}}, {Name: "HubName", Strs: []string{"A", "", "Zürich"}}},
	},
	{
		"empty data and text", func(p *pack.Pack) {
			p.AddData("d", nil)
			p.AddUniStr("u", "")
		}, "00000002 00000002 64 00000001 00000001 00000000 00000002 75 00000003 00000001 00000001 00",
		[]content{{Name: "d", Data: []byte{}}, {Name: "u"}},
	},
}

func TestMarshal(t *testing.T) {
	for _, tt := range vectors {
		t.Run(tt.name, func(t *testing.T) {
			var p pack.Pack
			tt.build(&p)
			got, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(unhex(t, tt.wire), got); diff != "" {
				t.Errorf("unexpected bytes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for _, tt := range vectors {
		t.Run(tt.name, func(t *testing.T) {
			p, err := pack.Parse(unhex(t, tt.wire))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, contents(p)); diff != "" {
				t.Errorf("unexpected content (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, wire string
		want       error
	}{
		{"nothing", "", pack.ErrTruncated},
		{"half a count", "0000", pack.ErrTruncated},
		{"bytes after the end", "00000000 00", pack.ErrTrailing},
		{"count of elements is a lie", "00000002 00000002 61 00000000 00000001 00000001", pack.ErrTruncated},
		{"huge count of elements", "ffffffff 00000002 61", pack.ErrTooLarge},
		{"huge count of values", "00000001 00000002 61 00000000 ffffffff 00000001", pack.ErrTooLarge},
		{"count of values is a lie", "00000001 00000002 61 00000000 00004000 00000001", pack.ErrTruncated},
		{"count of 64-bit values is a lie", "00000001 00000002 61 00000004 00000002 0000000000000001", pack.ErrTruncated},
		{"huge value", "00000001 00000002 61 00000001 00000001 ffffffff aa", pack.ErrTruncated},
		{"no value", "00000001 00000002 61 00000000 00000000", pack.ErrNoValue},
		{"length of the name 0", "00000001 00000000 00000000 00000001 00000001", pack.ErrName},
		{"empty name", "00000001 00000001 00000000 00000001 00000001", pack.ErrName},
		{"name of 64 bytes", "00000001 00000041" + strings.Repeat("61", 64) + "00000000 00000001 00000001", pack.ErrName},
		{"huge name", "00000001 ffffffff 61", pack.ErrName},
		{"NUL in a name", "00000001 00000003 6100 00000000 00000001 00000001", pack.ErrName},
		{"unknown type", "00000001 00000002 61 00000005 00000001 00000001", pack.ErrType},
		{"name twice", "00000002 00000002 61 00000000 00000001 00000001 00000002 61 00000000 00000001 00000002", pack.ErrDuplicate},
		{"name twice in other letters", "00000002 00000002 61 00000000 00000001 00000001 00000002 41 00000002 00000001 00000000", pack.ErrDuplicate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := pack.Parse(unhex(t, tt.wire))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if e := (*pack.Error)(nil); !errors.As(err, &e) {
				t.Errorf("error %T does not say where", err)
			}
		})
	}
	if _, err := pack.Parse(make([]byte, pack.MaxSize+1)); !errors.Is(err, pack.ErrTooLarge) {
		t.Errorf("over-long pack: error %v, want %v", err, pack.ErrTooLarge)
	}
}

func TestEveryPrefixOfAPackIsRefused(t *testing.T) {
	for _, tt := range vectors {
		wire := unhex(t, tt.wire)
		for n := range wire {
			if _, err := pack.Parse(wire[:n]); err == nil {
				t.Errorf("%s: the first %d of %d bytes parse", tt.name, n, len(wire))
			}
		}
	}
}

func TestBuildingMistakesSurfaceInMarshal(t *testing.T) {
	for _, tt := range []struct {
		name  string
		build func(*pack.Pack)
		want  string
	}{
		{"duplicate", func(p *pack.Pack) { p.AddInt("a", 1); p.AddStr("A", "x") }, `build pack, element "A": the name appears twice`},
		{"no value", func(p *pack.Pack) { p.AddInt("a") }, `build pack, element "a": an element without value`},
		{"no name", func(p *pack.Pack) { p.AddInt("", 1) }, `build pack: invalid name: it has 0 bytes, allowed are 1 to 63`},
		{
			"name too long", func(p *pack.Pack) { p.AddInt(strings.Repeat("n", 64), 1) },
			`build pack, element "` + strings.Repeat("n", 64) + `": invalid name: it has 64 bytes, allowed are 1 to 63`,
		},
		{"invalid address", func(p *pack.Pack) { p.AddIP("ip", netip.Addr{}) }, `build pack, element "ip": the address is not valid`},
		{
			"too large", func(p *pack.Pack) { p.AddData("d", make([]byte, pack.MaxSize)) },
			`build pack, element "d": it is too large: more than 1048576 bytes`,
		},
		{"the first mistake is told", func(p *pack.Pack) { p.AddInt("a"); p.AddInt("b"); p.AddInt("c", 1) }, `build pack, element "a": an element without value`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p pack.Pack
			tt.build(&p)
			b, err := p.Marshal()
			if err == nil || err.Error() != tt.want || b != nil {
				t.Errorf("%d bytes, error %v, want %s", len(b), err, tt.want)
			}
		})
	}
}
