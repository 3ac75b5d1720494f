// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/packet"
)

func TestAdvertIsValidated(t *testing.T) {
	ra := usual()
	good, err := ndp.MarshalMessage(&ra)
	if err != nil {
		t.Fatal(err)
	}
	alter := func(i int, v byte) []byte {
		b := bytes.Clone(good)
		b[i] = v
		return b
	}
	broken := advertFrame(t, routerLL, ra)
	broken[len(broken)-1] ^= 1
	for name, tc := range map[string]struct {
		frame []byte
		want  bool
	}{
		"good":              {advertFrame(t, routerLL, ra), true},
		"without options":   {icmp(routerLL, allNodes, 255, good[:advertLen]), true},
		"unicast":           {icmp(routerLL, clientLL, 255, good), true},
		"from afar":         {icmp(routerLL, allNodes, 254, good), false},
		"global source":     {icmp(netip.MustParseAddr("2001:db8::1"), allNodes, 255, good), false},
		"no source":         {icmp(netip.IPv6Unspecified(), allNodes, 255, good), false},
		"bad checksum":      {broken, false},
		"code":              {icmp(routerLL, allNodes, 255, alter(1, 1)), false},
		"solicitation":      {icmp(routerLL, allNodes, 255, alter(0, typeSolicitation)), false},
		"short":             {icmp(routerLL, allNodes, 255, good[:advertLen-1]), false},
		"option of nothing": {icmp(routerLL, allNodes, 255, alter(advertLen+1, 0)), false},
		"option too long":   {icmp(routerLL, allNodes, 255, alter(advertLen+1, 5)), false},
		"half an option":    {icmp(routerLL, allNodes, 255, append(bytes.Clone(good), 1)), false},
		"not an IPv6 frame": {make([]byte, 100), false},
	} {
		if _, ok := parseAdvert(tc.frame); ok != tc.want {
			t.Errorf("%s: %v, want %v", name, ok, tc.want)
		}
	}
}

// wireOption is an option with body in wire format.
func wireOption(kind byte, body ...byte) []byte {
	return append([]byte{kind, byte((len(body) + 2) / 8)}, body...)
}

func TestAdvertOptions(t *testing.T) {
	hour := []byte{0, 0, 0x0e, 0x10}
	rio := func(length, flags byte, prefix ...byte) []byte {
		return wireOption(optRouteInfo, append(append([]byte{length, flags}, hour...), prefix...)...)
	}
	p8 := []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0xff, 0xff}
	dnssl := func(names string) []byte {
		body := append([]byte{0, 0}, hour...)
		body = append(body, names...)
		for len(body)%8 != 6 {
			body = append(body, 0)
		}
		return wireOption(optDNSSL, body...)
	}
	route := func(dst string, pref preference) advert {
		return advert{routes: []routeInfo{{netip.MustParsePrefix(dst), pref, time.Hour}}}
	}
	for name, tc := range map[string]struct {
		option []byte
		want   advert
	}{
		"nothing":              {nil, advert{}},
		"unknown":              {wireOption(200, 1, 2, 3, 4, 5, 6), advert{}},
		"MTU":                  {wireOption(optMTU, 0, 0, 0, 0, 5, 0xdc), advert{mtu: 1500}},
		"RIO /0 empty":         {rio(0, 0), route("::/0", medium)},
		"RIO /48 high":         {rio(48, 1<<3, p8...), route("2001:db8::/48", high)},
		"RIO /60, not a byte":  {rio(60, 3<<3, p8...), route("2001:db8:0:fff0::/60", low)},
		"RIO /64 in 16 bytes":  {rio(64, 0, append(p8, p8...)...), route("2001:db8:0:ffff::/64", medium)},
		"RIO /65 in 8 bytes":   {rio(65, 0, p8...), advert{damaged: 1}},
		"RIO /129":             {rio(129, 0, append(p8, p8...)...), advert{damaged: 1}},
		"RIO reserved":         {rio(64, 2<<3, p8...), advert{damaged: 1}},
		"RDNSS":                {wireOption(optRDNSS, append(append([]byte{0, 0}, hour...), routerLL.AsSlice()...)...), advert{dns: []dnsInfo{{routerLL, time.Hour}}}},
		"RDNSS half":           {wireOption(optRDNSS, append(append([]byte{0, 0}, hour...), p8...)...), advert{damaged: 1}},
		"RDNSS of none":        {wireOption(optRDNSS, append([]byte{0, 0}, hour...)...), advert{damaged: 1}},
		"DNSSL":                {dnssl("\x01a\x01b\x00\x01c\x00"), advert{domains: []domainInfo{{"a.b", time.Hour}, {"c", time.Hour}}}},
		"DNSSL international":  {dnssl("\x0dxn--bcher-kva\x00"), advert{domains: []domainInfo{{"xn--bcher-kva", time.Hour}}}},
		"DNSSL one bad":        {dnssl("\x01a\x00\x03$()\x00\x01c\x00"), advert{domains: []domainInfo{{"a", time.Hour}, {"c", time.Hour}}, damaged: 1}},
		"DNSSL pointer":        {dnssl("\x01a\x00\xc0\x00"), advert{domains: []domainInfo{{"a", time.Hour}}, damaged: 1}},
		"prefix misshapen":     {wireOption(optPrefix, 64, 0xc0, 0, 0, 0, 1), advert{damaged: 1}},
		"link-layer misshapen": {wireOption(1, make([]byte, 14)...), advert{}},
	} {
		head := []byte{typeAdvertisement, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		got, ok := parseAdvert(icmp(routerLL, allNodes, 255, append(head, tc.option...)))
		if !ok {
			t.Errorf("%s: the whole advertisement is refused", name)
			continue
		}
		tc.want.router = routerLL
		if diff := cmp.Diff(&tc.want, got, cmpNet); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestPrefixOption(t *testing.T) {
	for name, tc := range map[string]struct {
		option *ndp.PrefixInformation
		addr   string // empty: none
		onLink bool
	}{
		"usual":             {prefixOption(prefix, time.Hour, time.Hour), slaac.String(), true},
		"for ever":          {prefixOption(prefix, ndp.Infinity, ndp.Infinity), slaac.String(), true},
		"already over":      {prefixOption(prefix, 0, 0), "", false},
		"preferred > valid": {prefixOption(prefix, time.Hour, 2*time.Hour), "", false},
		"/48":               {prefixOption(netip.MustParsePrefix("2001:db8:1::/48"), time.Hour, time.Hour), "", true},
		"/0":                {prefixOption(netip.MustParsePrefix("::/0"), time.Hour, time.Hour), "", false},
		"link-local":        {prefixOption(netip.MustParsePrefix("fe80::/64"), time.Hour, time.Hour), "", false},
		"multicast":         {prefixOption(netip.MustParsePrefix("ff02::/64"), time.Hour, time.Hour), "", false},
		"loopback":          {prefixOption(netip.MustParsePrefix("::/64"), time.Hour, time.Hour), "", false},
	} {
		a, ok := parseAdvert(advertFrame(t, routerLL, ndp.RouterAdvertisement{Options: []ndp.Option{tc.option}}))
		if !ok {
			t.Fatalf("%s: refused", name)
		}
		_, c := newNetwork(t)
		now := time.Now()
		c.host.learn(a, now)
		var got string
		if cfg := c.config(now); cfg.Addr.IsValid() {
			got = cfg.Addr.String()
		}
		if got != tc.addr || (len(c.host.prefixes.rows) == 1) != tc.onLink {
			t.Errorf("%s: address %q, prefixes on the link %v", name, got, c.host.prefixes.rows)
		}
	}
}

// RFC 4862 5.5.3 e: nobody can shorten a lifetime to less than two hours.
func TestTwoHourRule(t *testing.T) {
	for _, tc := range []struct{ rest, said, want time.Duration }{
		{time.Hour, 0, time.Hour},
		{time.Hour, 30 * time.Minute, time.Hour},
		{time.Hour, 90 * time.Minute, 90 * time.Minute},
		{24 * time.Hour, 0, twoHours},
		{24 * time.Hour, time.Hour, twoHours},
		{24 * time.Hour, 3 * time.Hour, 3 * time.Hour},
		{forever, 0, twoHours},
		{24 * time.Hour, forever, forever},
	} {
		now := time.Now()
		h := newHost(nil)
		for _, valid := range []time.Duration{tc.rest, tc.said} {
			h.learnPrefix(prefixInfo{prefix: prefix, auto: true, valid: valid}, routerLL, now)
		}
		if got := left(h.addrs.rows[0].until, now); got != tc.want {
			t.Errorf("%v left, advertised %v: %v, want %v", tc.rest, tc.said, got, tc.want)
		}
	}
}

func TestMatch(t *testing.T) {
	match := Match(clientMAC.HardwareAddr())
	ra := advertFrame(t, routerLL, usual())
	to := func(f []byte, mac packet.MAC) []byte {
		f = bytes.Clone(f)
		copy(f, mac[:])
		return f
	}
	ns := bytes.Clone(ra)
	ns[14+40] = 135
	v6 := framed6([]byte{7, 0, 0, 0})
	dns := bytes.Clone(v6)
	dns[14+40+3] = 53
	for name, tc := range map[string]struct {
		frame []byte
		want  bool
	}{
		"advertisement":        {ra, true},
		"advertisement to us":  {to(ra, clientMAC), true},
		"advertisement, other": {to(ra, routerMAC), false},
		"neighbour discovery":  {ns, false},
		"DHCPv6":               {v6, true},
		"DHCPv6 for another":   {to(v6, routerMAC), false},
		"other UDP":            {dns, false},
		"short":                {ra[:14+40+7], false},
		"IPv4":                 {make([]byte, 200), false},
		"nothing":              {nil, false},
	} {
		if got := match(tc.frame); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	if Match(nil)(ra) {
		t.Error("no MAC matches")
	}
	if n := testing.AllocsPerRun(100, func() { match(ra) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
