// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	label := strings.Repeat("a", 63)
	for in, want := range map[string]string{
		"corp.example":                  "corp.example",
		"Corp.Example.":                 "corp.example",
		"local":                         "local",
		"_msdcs.corp":                   "_msdcs.corp",
		"xn--bcher-kva.example":         "xn--bcher-kva.example",
		"1.2.3.example":                 "1.2.3.example",
		label:                           label,
		label + "a":                     "",
		strings.Repeat("a.", 127):       strings.TrimSuffix(strings.Repeat("a.", 127), "."),
		strings.Repeat("a.", 127) + "b": "",
		"":                              "",
		".":                             "",
		"a..b":                          "",
		".a":                            "a",
		"..a":                           "",
		"-a.b":                          "",
		"a-.b":                          "",
		"a b":                           "",
		"a\nnameserver":                 "",
		"bücher.example":                "xn--bcher-kva.example",
		"Bücher.example.":               "xn--bcher-kva.example",
		"b\xfccher.example":             "",
		"例え.テスト":                        "xn--r8jz45g.xn--zckzah",
		"a\u2028b":                      "",
		"$(reboot)":                     "",
		"1.2.3.4":                       "",
		"*":                             "",
		"a/b":                           "",
	} {
		got, ok := Clean(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestParseList(t *testing.T) {
	for name, tc := range map[string]struct {
		wire     string
		pointers bool
		want     string // names, then +n for those dropped, then ! for an error
	}{
		"empty":              {"", true, "[]"},
		"two":                {"\x01a\x01b\x00\x01c\x00", false, "[a.b c]"},
		"padding":            {"\x01a\x00\x00\x00\x00", false, "[a]"},
		"twice":              {"\x01a\x00\x01A\x00", false, "[a]"},
		"pointer":            {"\x01a\x01b\x00\x01c\xc0\x02", true, "[a.b c.b]"},
		"pointer to pointer": {"\x01a\x00\x01b\xc0\x00\x01c\xc0\x03", true, "[a b.a c.b.a]"},
		"pointer to root":    {"\x01a\x00\xc0\x02", true, "[a]"},
		"pointer forbidden":  {"\x01a\x00\x01b\xc0\x00", false, "[a]!"},
		"to itself":          {"\x01a\x00\xc0\x03", true, "[a]!"},
		"forward":            {"\x01a\x00\x01b\xc0\x07\x01c\x00", true, "[a]!"},
		"within the name":    {"\x01a\x01b\xc0\x02", true, "[]!"},
		"in a circle":        {"\x01a\xc0\x04\x01b\xc0\x00", true, "[]!"},
		"half a pointer":     {"\x01a\xc0", true, "[]!"},
		"cut off":            {"\x01a\x00\x03b", true, "[a]!"},
		"without end":        {"\x01a\x00\x01b", true, "[a]!"},
		"label of 64":        {"\x40" + strings.Repeat("a", 64) + "\x00", true, "[]!"},
		"dot in a label":     {"\x03a.b\x00\x01c\x00", false, "[c]+1"},
		"too long":           {strings.Repeat("\x01a", 128) + "\x00\x01c\x00", false, "[c]+1"},
		"far too long":       {strings.Repeat("\x3f"+strings.Repeat("a", 63), 20) + "\x00", false, "[]!"},
	} {
		names, dropped, err := ParseList([]byte(tc.wire), tc.pointers)
		got := fmt.Sprint(names)
		if dropped > 0 {
			got += fmt.Sprintf("+%d", dropped)
		}
		if err != nil {
			got += "!"
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestListIsBounded(t *testing.T) {
	var wire []byte
	for i := range 1000 {
		wire = append(wire, fmt.Sprintf("\x04%04d\x01a\x00", i)...)
	}
	names, dropped, err := ParseList(wire, true)
	if len(names) != MaxNames || dropped != 1000-MaxNames || err != nil {
		t.Errorf("%d names, %d dropped, %v", len(names), dropped, err)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte("\x01a\x00\x01b\xc0\x00\x01c\xc0\x03"), true)
	f.Add([]byte("\x01a\xc0\x04\x01b\xc0\x00"), true)
	f.Fuzz(func(t *testing.T, b []byte, pointers bool) {
		names, _, _ := ParseList(b[:min(len(b), 4096)], pointers)
		if len(names) > MaxNames {
			t.Errorf("%d names", len(names))
		}
		for _, n := range names {
			if again, ok := Clean(n); !ok || again != n {
				t.Errorf("%q is not clean", n)
			}
		}
	})
}
