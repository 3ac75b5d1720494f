// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
)

// encoded is the wire format of "10.0.0.0/8 192.168.30.1" and so on, by the
// codec, which is not what reads it.
func encoded(routes ...string) []byte {
	var list dhcpv4.Routes
	for _, text := range routes {
		dst, via, _ := strings.Cut(text, " ")
		p := netip.MustParsePrefix(dst)
		list = append(list, &dhcpv4.Route{
			Dest:   &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)},
			Router: netip.MustParseAddr(via).AsSlice(),
		})
	}
	return list.ToBytes()
}

func TestParseRoutes(t *testing.T) {
	for _, tc := range []struct {
		wire string
		want string
	}{
		{"", "[]"},
		{"\x00\x0a\x01\x01\x01", "[0.0.0.0/0 via 10.1.1.1]"},
		{"\x08\x0a\x0a\x01\x01\x01", "[10.0.0.0/8 via 10.1.1.1]"},
		{"\x11\xac\x10\x80\x0a\x01\x01\x01", "[172.16.128.0/17 via 10.1.1.1]"},
		{"\x20\x0a\x0b\x0c\x0d\x00\x00\x00\x00", "[10.11.12.13/32 on-link]"},
		{"\x0c\xac\x1f\x0a\x01\x01\x01", "[172.16.0.0/12 via 10.1.1.1]"}, // host bits
		{"\x00\x0a\x01\x01\x01\x18\xc0\xa8\x07\x00\x00\x00\x00", "[0.0.0.0/0 via 10.1.1.1 192.168.7.0/24 on-link]"},
		{"\x21\x0a\x0b\x0c\x0d\x0a\x01\x01\x01", "a mask of 33 bits"},
		{"\xff\x0a\x0b\x0c\x0d\x0a\x01\x01\x01", "a mask of 255 bits"},
		{"\x08\x0a\x0a\x01\x01", "cut off inside a route"},
		{"\x08", "cut off inside a route"},
	} {
		list, cut, problem := parseRoutes([]byte(tc.wire))
		got := fmt.Sprint(list)
		if problem != "" {
			got = problem
		}
		if cut {
			got += " and more"
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%x (-want +got)\n%s", tc.wire, diff)
		}
	}
}

func TestRouting(t *testing.T) {
	const own = "192.168.30.10"
	for name, tc := range map[string]struct {
		mask    string // default 255.255.255.0
		router  []byte
		classic []byte // 121
		ms      []byte // 249
		old     []byte // 33
		want    string
	}{
		"none":                  {want: "no router []"},
		"router":                {router: bytesOf("192.168.30.1"), want: "192.168.30.1 []"},
		"second router":         {router: bytesOf("10.0.0.1", "192.168.30.2"), want: "192.168.30.2 []"},
		"router cut off":        {router: []byte{1, 2, 3}, want: "no router []"},
		"121 beats 249 and 3":   {router: bytesOf("192.168.30.1"), classic: encoded("10.0.0.0/8 192.168.30.2"), ms: encoded("11.0.0.0/8 192.168.30.3"), want: "no router [10.0.0.0/8 via 192.168.30.2]"},
		"249 beats 3":           {router: bytesOf("192.168.30.1"), ms: encoded("11.0.0.0/8 192.168.30.3"), want: "no router [11.0.0.0/8 via 192.168.30.3]"},
		"default in 121":        {classic: encoded("0.0.0.0/0 192.168.30.2", "10.0.0.0/8 192.168.30.3"), want: "192.168.30.2 [10.0.0.0/8 via 192.168.30.3]"},
		"two defaults":          {classic: encoded("0.0.0.0/0 192.168.30.2", "0.0.0.0/0 192.168.30.3"), want: "192.168.30.2 []"},
		"halves":                {classic: encoded("0.0.0.0/1 192.168.30.2", "128.0.0.0/1 192.168.30.2"), want: "no router [0.0.0.0/1 via 192.168.30.2 128.0.0.0/1 via 192.168.30.2]"},
		"on-link":               {classic: encoded("10.0.0.0/8 0.0.0.0"), want: "no router [10.0.0.0/8 on-link]"},
		"via ourselves":         {classic: encoded("10.0.0.0/8 " + own), want: "no router [10.0.0.0/8 on-link]"},
		"router behind 121":     {classic: encoded("0.0.0.0/0 10.0.0.1", "10.0.0.1/32 0.0.0.0"), want: "10.0.0.1 [10.0.0.1/32 on-link]"},
		"twice":                 {classic: encoded("10.0.0.0/8 192.168.30.2", "10.0.0.0/8 192.168.30.3"), want: "no router [10.0.0.0/8 via 192.168.30.2]"},
		"into special space":    {classic: encoded("127.0.0.0/8 192.168.30.2", "127.1.2.3/32 192.168.30.2", "169.254.0.0/16 192.168.30.2", "224.0.0.0/4 192.168.30.2", "0.0.0.0/8 192.168.30.2", "255.255.255.255/32 192.168.30.2"), want: "no router []"},
		"through a stranger":    {classic: encoded("10.0.0.0/8 172.16.0.1", "11.0.0.0/8 172.16.0.1"), want: "no router [172.16.0.1/32 on-link 10.0.0.0/8 via 172.16.0.1 11.0.0.0/8 via 172.16.0.1]"},
		"through nobody":        {classic: encoded("11.0.0.0/8 192.168.30.255", "12.0.0.0/8 127.0.0.1"), want: "no router []"},
		"single, router":        {mask: "255.255.255.255", router: bytesOf("192.168.30.1"), want: "192.168.30.1 [192.168.30.1/32 on-link]"},
		"empty 121":             {router: bytesOf("192.168.30.1"), classic: []byte{}, want: "192.168.30.1 []"},
		"router elsewhere":      {router: bytesOf("10.0.0.1"), want: "10.0.0.1 [10.0.0.1/32 on-link]"},
		"router is us":          {router: bytesOf(own), want: "refused: option 3"},
		"router is broadcast":   {router: bytesOf("192.168.30.255"), want: "refused: option 3"},
		"router is everybody":   {router: bytesOf("255.255.255.255"), want: "refused: option 3"},
		"router is nobody":      {router: bytesOf("0.0.0.0"), want: "no router []"},
		"default to stranger":   {classic: encoded("0.0.0.0/0 10.0.0.1"), want: "10.0.0.1 [10.0.0.1/32 on-link]"},
		"default to itself":     {classic: encoded("0.0.0.0/0 127.0.0.1"), want: "refused: option 121"},
		"default to nobody":     {ms: encoded("0.0.0.0/0 0.0.0.0"), want: "default on-link []"},
		"default via ourselves": {ms: encoded("0.0.0.0/0 " + own), want: "default on-link []"},
		"121 cut off, 3 there":  {router: bytesOf("192.168.30.1"), classic: append(encoded("10.0.0.0/8 192.168.30.2"), 24, 10), want: "192.168.30.1 [10.0.0.0/8 via 192.168.30.2]"},
		"121 cut off alone":     {classic: append(encoded("10.0.0.0/8 192.168.30.2"), 24, 10), want: "no router [10.0.0.0/8 via 192.168.30.2]"},
		"121 worse than 249":    {classic: []byte{8}, ms: encoded("10.0.0.0/8 192.168.30.2"), want: "no router [10.0.0.0/8 via 192.168.30.2]"},
		"classful":              {router: bytesOf("192.168.30.1"), old: bytesOf("10.1.2.3", "192.168.30.2", "172.16.0.0", "192.168.30.2", "192.168.7.0", "0.0.0.0", "0.0.0.0", "192.168.30.9"), want: "192.168.30.1 [10.0.0.0/8 via 192.168.30.2 172.16.0.0/16 via 192.168.30.2 192.168.7.0/24 on-link]"},
		"classful cut off":      {old: bytesOf("10.0.0.0", "192.168.30.2", "11.0.0.0"), want: "no router [10.0.0.0/8 via 192.168.30.2]"},
		"121 beats 33":          {classic: encoded("10.0.0.0/8 192.168.30.2"), old: bytesOf("11.0.0.0", "192.168.30.2"), want: "no router [10.0.0.0/8 via 192.168.30.2]"},
		"mask of 33 bits":       {classic: []byte{33, 10, 0, 0, 1, 192, 168, 30, 1}, want: "no router []"},
		"damaged 249":           {ms: []byte{8}, want: "no router []"},
		"damaged, but not 121":  {classic: encoded("10.0.0.0/8 192.168.30.2"), ms: []byte{8}, want: "no router [10.0.0.0/8 via 192.168.30.2]"},
	} {
		change := map[uint8][]byte{optRouter: tc.router, optClassless: tc.classic, optClasslessMS: tc.ms, optClassful: tc.old}
		if tc.mask != "" {
			change[optMask] = bytesOf(tc.mask)
		}
		l, _, err := judge(offered(own, change), time.Now(), false)
		var got string
		var bad *LeaseError
		switch {
		case errors.As(err, &bad):
			got = fmt.Sprintf("refused: option %d", bad.Option)
		case l.OnLink:
			got = fmt.Sprint("default on-link ", l.Routes)
		case l.Router.IsValid():
			got = fmt.Sprint(l.Router, " ", l.Routes)
		default:
			got = fmt.Sprint("no router ", l.Routes)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// Ten thousand routes are cut in bounded memory, with one word about it.
func TestTenThousandRoutes(t *testing.T) {
	var routes []string
	for i := range 10_000 {
		routes = append(routes, fmt.Sprintf("10.%d.%d.0/24 192.168.30.1", i/256, i%256))
	}
	wire := encoded(routes...)
	l, n, err := judge(offered("192.168.30.10", map[uint8][]byte{optClassless: wire}), time.Now(), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Routes) != maxRoutes || len(n.list) != 1 || !strings.Contains(n.list[0], "more than 512") {
		t.Errorf("%d routes, notes %q", len(l.Routes), n.list)
	}
	r := offered("192.168.30.10", map[uint8][]byte{optClassless: wire})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	judge(r, time.Time{}, false)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 400<<10 {
		t.Errorf("%d bytes allocated for %d bytes of routes", n, len(wire))
	}
}

func TestLeaseErrorSaysWhatAndWhy(t *testing.T) {
	_, _, err := judge(offered("192.168.30.10", map[uint8][]byte{optRouter: bytesOf("127.0.0.1")}), time.Now(), false)
	want := "DHCP server 192.168.30.1 offers an unusable lease: option 3 (router) is 127.0.0.1: not the address of another host; this is to be mended on that server"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
