// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol/pack"
)

func TestNamesAreCaseInsensitive(t *testing.T) {
	var p pack.Pack
	p.AddInt("Redirect", 1)
	if !p.Has("REDIRECT") || !p.Bool("redirect") {
		t.Error("an element is not found by its name in other letters")
	}
	if p.Has("Redirec") || p.Has("") {
		t.Error("an element is found that is not there")
	}
}

func TestWrongTypeIsAbsent(t *testing.T) {
	var p pack.Pack
	p.AddInt("int", 7)
	p.AddInt64("int64", 7)
	p.AddData("data", []byte("x"))
	p.AddStr("str", "x")
	p.AddUniStr("unistr", "x")
	for _, n := range append(p.Names(), "none") {
		if n != "int" && (p.Int(n) != 0 || p.Ints(n) != nil || p.Bool(n)) {
			t.Errorf("%s reads as INT", n)
		}
		if n != "int64" && p.Int64(n) != 0 {
			t.Errorf("%s reads as INT64", n)
		}
		if n != "data" && p.Data(n) != nil {
			t.Errorf("%s reads as DATA", n)
		}
		if n != "str" && (p.Str(n) != "" || p.Strs(n) != nil) {
			t.Errorf("%s reads as STR", n)
		}
		if n != "unistr" && p.UniStr(n) != "" {
			t.Errorf("%s reads as UNISTR", n)
		}
	}
}

func TestTextsAreTrimmed(t *testing.T) {
	for in, want := range map[string]string{
		" \tblanks around \t": "blanks around",
		"a\x00b":              "a",
		" \x00":               "",
		"line\n":              "line\n",
		"pass wörd":           "pass wörd",
	} {
		var p pack.Pack
		p.AddStr("s", in)
		p.AddUniStr("u", in)
		if s, u := p.Str("s"), p.UniStr("u"); s != want || u != want {
			t.Errorf("%q became %q and %q, want %q", in, s, u, want)
		}
	}
	// What a peer sent without trimming it.
	p, err := pack.Parse(unhex(t, "00000002 00000002 73 00000002 00000001 00000003 206120 00000002 75 00000003 00000001 00000003 206200"))
	if err != nil || p.Str("s") != "a" || p.UniStr("u") != "b" {
		t.Errorf("decoded %q and %q, error %v, want a and b", p.Str("s"), p.UniStr("u"), err)
	}
}

func TestIP(t *testing.T) {
	four := []byte{15: 0}
	mapped := netip.MustParseAddr("::ffff:192.0.2.9").As16()
	for _, tt := range []struct {
		name  string
		build func(*pack.Pack)
		want  string // empty: not there
	}{
		{"IPv4", func(p *pack.Pack) { p.AddIP("x", netip.MustParseAddr("127.0.0.1")) }, "127.0.0.1"},
		{"IPv4 in IPv6", func(p *pack.Pack) { p.AddIP("x", netip.MustParseAddr("::ffff:127.0.0.1")) }, "127.0.0.1"},
		{"IPv6", func(p *pack.Pack) { p.AddIP("x", netip.MustParseAddr("2001:db8::1")) }, "2001:db8::1"},
		{"IPv6 with zone", func(p *pack.Pack) { p.AddIP("x", netip.MustParseAddr("fe80::1%2")) }, "fe80::1"},
		{"5.02 fills the array", func(p *pack.Pack) {
			p.AddInt("x@ipv6_bool", 0)
			p.AddData("x@ipv6_array", mapped[:])
			p.AddInt("x", 0x090200c0)
		}, "192.0.2.9"},
		{"only the number", func(p *pack.Pack) { p.AddInt("x", 0x0100007f) }, "127.0.0.1"},
		{"nothing", func(*pack.Pack) {}, ""},
		{"no number", func(p *pack.Pack) { p.AddInt("x@ipv6_bool", 0); p.AddData("x@ipv6_array", four) }, ""},
		{"IPv6 without array", func(p *pack.Pack) { p.AddInt("x@ipv6_bool", 1); p.AddInt("x", 1) }, ""},
		{"array of 4 bytes", func(p *pack.Pack) { p.AddInt("x@ipv6_bool", 1); p.AddData("x@ipv6_array", []byte{1, 2, 3, 4}) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p pack.Pack
			tt.build(&p)
			if _, err := p.Marshal(); err != nil {
				t.Fatal(err)
			}
			a, ok := p.IP("x")
			if ok != (tt.want != "") || ok && a.String() != tt.want {
				t.Errorf("address %v, %v, want %q", a, ok, tt.want)
			}
		})
	}
	var p pack.Pack
	p.AddIP("x", netip.MustParseAddr("fe80::1%2"))
	if got := p.Int("x@ipv6_scope_id"); got != 2 {
		t.Errorf("scope %d, want 2", got)
	}
}

func TestDel(t *testing.T) {
	var p pack.Pack
	p.AddInt("a", 1)
	p.AddInt("b", 2)
	p.AddInt("c", 3)
	p.Del("B")
	p.Del("absent")
	if diff := cmp.Diff([]string{"a", "c"}, p.Names()); diff != "" || p.Has("b") || p.Int("a") != 1 || p.Int("c") != 3 {
		t.Errorf("unexpected names (-want +got):\n%s", diff)
	}
	p.AddInt("b", 4)
	if _, err := p.Marshal(); err != nil || p.Int("b") != 4 {
		t.Errorf("b is %d, error %v", p.Int("b"), err)
	}
}

func TestPackKeepsNothingOfTheCallersBytes(t *testing.T) {
	wire := unhex(t, "00000001 00000002 64 00000001 00000001 00000002 aabb")
	p, err := pack.Parse(wire)
	if err != nil {
		t.Fatal(err)
	}
	data := []byte{0xcc}
	p.AddData("e", data)
	clear(wire)
	clear(data)
	if diff := cmp.Diff([][]byte{{0xaa, 0xbb}, {0xcc}}, [][]byte{p.Data("d"), p.Data("e")}); diff != "" {
		t.Errorf("unexpected data (-want +got):\n%s", diff)
	}
}
