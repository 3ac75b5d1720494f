// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var cmpPrefix = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func TestWhatDHCPServersAreTold(t *testing.T) {
	for name, tc := range map[string]struct {
		four, six Automatic
		key       string // dhcp-hostname in vpn.data
		want      Identity
		warned    string // the keys of the warnings
		refused   string // the key at fault
	}{
		"nothing":             {},
		"a name":              {four: Automatic{Hostname: "laptop"}, want: Identity{Hostname: "laptop"}},
		"a name, not sent":    {four: Automatic{Hostname: "laptop", SilentHostname: true}},
		"a whole name":        {four: Automatic{FQDN: "laptop.corp.example"}, want: Identity{FQDN: "laptop.corp.example"}},
		"a name of ours":      {key: "own", four: Automatic{Hostname: "laptop"}, want: Identity{Hostname: "own"}, warned: "dhcp-hostname"},
		"ours alone":          {key: "own", want: Identity{Hostname: "own"}},
		"no name":             {four: Automatic{Hostname: "a b"}, refused: "ipv4.dhcp-hostname"},
		"no whole name":       {four: Automatic{FQDN: "a..b"}, refused: "ipv4.dhcp-fqdn"},
		"identifier: MAC":     {four: Automatic{ClientID: "mac"}},
		"identifier: bytes":   {four: Automatic{ClientID: "01:5e:00:53:01:02:03"}, want: Identity{ClientID: []byte{1, 0x5e, 0, 0x53, 1, 2, 3}}},
		"identifier: text":    {four: Automatic{ClientID: "joe"}, want: Identity{ClientID: []byte("\x00joe")}},
		"identifier: odd":     {four: Automatic{ClientID: "a:b"}, want: Identity{ClientID: []byte("\x00a:b")}},
		"identifier: DUID":    {four: Automatic{ClientID: "duid"}, refused: "ipv4.dhcp-client-id"},
		"identifier: long":    {four: Automatic{ClientID: strings.Repeat("a", 255)}, refused: "ipv4.dhcp-client-id"},
		"class":               {four: Automatic{VendorClass: "MSFT 5.0"}, want: Identity{VendorClass: "MSFT 5.0"}},
		"class too long":      {four: Automatic{VendorClass: strings.Repeat("a", 256)}, refused: "ipv4.dhcp-vendor-class-identifier"},
		"servers":             {four: Automatic{RejectServers: []string{"10.0.0.1", "10.1.2.3/16"}}, want: Identity{Reject: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16")}}},
		"no servers":          {four: Automatic{RejectServers: []string{"fe80::1"}}, refused: "ipv4.dhcp-reject-servers"},
		"token":               {six: Automatic{Token: "::1:2:3:4"}, want: Identity{Token: [8]byte{0, 1, 0, 2, 0, 3, 0, 4}}},
		"no token":            {six: Automatic{Token: "2001:db8::1"}, refused: "ipv6.token"},
		"zero token":          {six: Automatic{Token: "::"}, refused: "ipv6.token"},
		"DUID":                {six: Automatic{DUID: "00:03:00:01:5e"}, want: Identity{DUID: []byte{0, 3, 0, 1, 0x5e}}},
		"DUID from the MAC":   {six: Automatic{DUID: "ll"}},
		"DUID of the machine": {six: Automatic{DUID: "lease"}, refused: "ipv6.dhcp-duid"},
		"IAID":                {six: Automatic{IAID: "4711"}, want: Identity{IAID6: new(uint32(4711))}},
		"IAID of the MAC":     {six: Automatic{IAID: "mac"}},
		"IAID too great":      {six: Automatic{IAID: "4294967296"}, warned: "ipv6.dhcp-iaid"},
		"stable":              {six: Automatic{AddrGenMode: "stable-privacy"}, want: Identity{StableIPv6: true}},
		"temporary":           {six: Automatic{TemporaryIPv6: 2}, want: Identity{TemporaryIPv6: 2}},
		"what is not done":    {four: Automatic{IAID: "mac", LinkLocal: true}, six: Automatic{IAID: "stable", Hostname: "x"}, warned: "ipv4.dhcp-iaid ipv4.link-local ipv6.dhcp-hostname ipv6.dhcp-iaid"},
	} {
		src := Source{
			UUID: "u", Data: map[string]string{"gateway": "vpn.example", "user": "u", "dhcp-hostname": tc.key},
			IPv4: Family{Automatic: tc.four}, IPv6: Family{Automatic: tc.six},
		}
		p, warnings, err := Parse(src)
		if tc.refused != "" {
			if bad, ok := errors.AsType[*ValueError](err); !ok || bad.Key != tc.refused {
				t.Errorf("%s: %v, want an error about %s", name, err, tc.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, p.Identity, cmpPrefix); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		var keys []string
		for _, w := range warnings {
			keys = append(keys, w.Key)
		}
		slices.Sort(keys)
		if got := strings.Join(keys, " "); got != tc.warned {
			t.Errorf("%s: warned of %q, want %q", name, got, tc.warned)
		}
	}
}

func TestMethodsOfAVPN(t *testing.T) {
	for _, tc := range []struct{ four, six, refused string }{
		{"auto", "auto", ""},
		{"", "", ""},
		{"manual", "link-local", ""},
		{"disabled", "ignore", ""},
		{"shared", "auto", "ipv4.method"},
		{"link-local", "auto", "ipv4.method"},
		{"auto", "shared", "ipv6.method"},
		{"auto", "dhcp", "ipv6.method"},
	} {
		_, _, err := Parse(Source{UUID: "u", Data: map[string]string{"gateway": "vpn.example", "user": "u"}, IPv4Method: tc.four, IPv6Method: tc.six})
		bad, ok := errors.AsType[*ValueError](err)
		if tc.refused == "" && err != nil || tc.refused != "" && (!ok || bad.Key != tc.refused) {
			t.Errorf("%s and %s: %v, want an error about %q", tc.four, tc.six, err, tc.refused)
		}
	}
}
