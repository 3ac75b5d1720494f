// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
)

// offered is the server's usual answer with options changed; a nil value removes
// one.
func offered(addr string, change map[uint8][]byte) *reply {
	r := &reply{
		addr: netip.MustParseAddr(addr), server: serverIP, mac: serverMAC,
		opts: dhcpv4.Options{optMask: {255, 255, 255, 0}, optLeaseTime: {0, 0, 0x1c, 0x20}},
	}
	for o, v := range change {
		if v == nil {
			delete(r.opts, o)
		} else {
			r.opts[o] = v
		}
	}
	return r
}

func bytesOf(addrs ...string) (b []byte) {
	for _, a := range addrs {
		b = append(b, netip.MustParseAddr(a).AsSlice()...)
	}
	return b
}

func TestAddressAndMask(t *testing.T) {
	router := bytesOf("10.20.0.1")
	for _, tc := range []struct {
		addr, mask string
		router     []byte
		want       string // empty: refused
	}{
		{"192.168.30.10", "255.255.255.0", nil, "192.168.30.10/24"},
		{"192.168.30.10", "255.255.255.128", nil, "192.168.30.10/25"},
		{"192.168.30.10", "128.0.0.0", nil, "192.168.30.10/1"},
		{"192.168.30.0", "255.255.255.254", nil, "192.168.30.0/31"},
		{"192.168.30.1", "255.255.255.254", nil, "192.168.30.1/31"},
		{"192.168.30.10", "255.255.255.255", nil, "192.168.30.10/32"},
		{"100.64.0.1", "255.192.0.0", nil, "100.64.0.1/10"},
		{"10.20.30.40", "", nil, "10.20.30.40/24"},
		{"10.20.30.40", "", bytesOf("10.20.30.1"), "10.20.30.40/24"},
		{"10.20.30.40", "", router, "10.20.30.40/8"},
		{"172.20.30.40", "", bytesOf("172.20.0.1"), "172.20.30.40/16"},
		// Not the address of a host.
		{"0.0.0.0", "255.255.255.0", nil, ""},
		{"0.1.2.3", "255.255.255.0", nil, ""},
		{"127.0.0.1", "255.0.0.0", nil, ""},
		{"169.254.3.4", "255.255.0.0", nil, ""},
		{"224.0.0.1", "255.255.255.0", nil, ""},
		{"240.0.0.1", "255.255.255.0", nil, ""},
		{"255.255.255.255", "255.255.255.0", nil, ""},
		{"192.168.30.0", "255.255.255.0", nil, ""},
		{"192.168.30.255", "255.255.255.0", nil, ""},
		// Not a mask.
		{"192.168.30.10", "0.0.0.0", nil, ""},
		{"192.168.30.10", "255.0.255.0", nil, ""},
		{"192.168.30.10", "0.255.255.255", nil, ""},
		{"192.168.30.10", "255.255.255.1", nil, ""},
	} {
		change := map[uint8][]byte{optMask: nil, optRouter: tc.router}
		if tc.mask != "" {
			change[optMask] = bytesOf(tc.mask)
		}
		l, _, err := judge(offered(tc.addr, change), time.Now(), false)
		var bad *LeaseError
		switch {
		case tc.want == "" && !errors.As(err, &bad):
			t.Errorf("%s mask %s: lease %v, error %v, want a *LeaseError", tc.addr, tc.mask, l, err)
		case tc.want != "" && (err != nil || l.Addr.String() != tc.want):
			t.Errorf("%s mask %q: %v, %v, want %s", tc.addr, tc.mask, l, err, tc.want)
		}
	}
	for _, mask := range [][]byte{{}, {255}, {255, 255, 255, 0, 0}} {
		if _, _, err := judge(offered("192.168.30.10", map[uint8][]byte{optMask: mask}), time.Now(), false); err == nil {
			t.Errorf("mask %x taken", mask)
		}
	}
}

func TestTimes(t *testing.T) {
	sec := func(n uint32) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }
	type times struct{ Lease, T1, T2 time.Duration }
	for name, tc := range map[string]struct {
		lease, t1, t2 []byte
		want          times
	}{
		"as SecureNAT":     {sec(7200), nil, nil, times{2 * time.Hour, time.Hour, 105 * time.Minute}},
		"both given":       {sec(1000), sec(100), sec(900), times{1000 * time.Second, 100 * time.Second, 900 * time.Second}},
		"only T1":          {sec(1000), sec(100), nil, times{1000 * time.Second, 100 * time.Second, 875 * time.Second}},
		"T1 after T2":      {sec(1000), sec(900), sec(100), times{1000 * time.Second, 500 * time.Second, 875 * time.Second}},
		"T2 after the end": {sec(1000), sec(900), sec(1001), times{1000 * time.Second, 500 * time.Second, 875 * time.Second}},
		"T1 at once":       {sec(1000), sec(0), nil, times{1000 * time.Second, 500 * time.Second, 875 * time.Second}},
		"misshapen":        {sec(1000), []byte{1}, []byte{1, 2, 3, 4, 5}, times{1000 * time.Second, 500 * time.Second, 875 * time.Second}},
		"zero":             {sec(0), nil, nil, times{10 * time.Second, 5 * time.Second, 8750 * time.Millisecond}},
		"tiny":             {sec(1), sec(1), sec(1), times{10 * time.Second, 5 * time.Second, 8750 * time.Millisecond}},
		"forgotten":        {nil, nil, nil, times{time.Hour, 30 * time.Minute, 52*time.Minute + 30*time.Second}},
		"misshapen lease":  {[]byte{1, 2}, nil, nil, times{time.Hour, 30 * time.Minute, 52*time.Minute + 30*time.Second}},
		"for ever":         {sec(0xffffffff), sec(5), sec(6), times{Infinite, Infinite, Infinite}},
		"nearly for ever":  {sec(0xfffffffe), nil, nil, times{0xfffffffe * time.Second, 0x7fffffff * time.Second, 0xfffffffe * time.Second / 8 * 7}},
	} {
		l, _, err := judge(offered("192.168.30.10", map[uint8][]byte{optLeaseTime: tc.lease, optT1: tc.t1, optT2: tc.t2}), time.Now(), false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, times{l.Duration, l.T1, l.T2}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestNames(t *testing.T) {
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("10.0.0.%d", i+1)
	}
	search := []byte("\x03eng\x04corp\x07example\x00\x01x\xc0\x00\x05other\x04test\x00")
	for name, tc := range map[string]struct {
		opts    map[uint8][]byte
		dns     string
		domains string
		mtu     int
		noted   string
	}{
		"nothing":              {},
		"usual":                {opts: map[uint8][]byte{optDNS: bytesOf("10.0.0.1", "10.0.0.2"), optDomain: []byte("Corp.Example")}, dns: "10.0.0.1 10.0.0.2", domains: "corp.example"},
		"DNS twice":            {opts: map[uint8][]byte{optDNS: bytesOf("10.0.0.1", "10.0.0.1")}, dns: "10.0.0.1"},
		"DNS nowhere":          {opts: map[uint8][]byte{optDNS: bytesOf("0.0.0.0", "127.0.0.53", "224.0.0.251", "255.255.255.255", "10.0.0.1")}, dns: "10.0.0.1", noted: "127.0.0.53"},
		"DNS cut off":          {opts: map[uint8][]byte{optDNS: {10, 0, 0, 1, 10}}, noted: "option 6"},
		"DNS without end":      {opts: map[uint8][]byte{optDNS: bytesOf(many...)}, dns: strings.Join(many[:maxServers], " "), noted: "more than 16"},
		"domain with dot":      {opts: map[uint8][]byte{optDomain: []byte(".corp.example.")}, domains: "corp.example"},
		"domains with commas":  {opts: map[uint8][]byte{optDomain: []byte("a.example,b.example, c.example")}, domains: "a.example b.example c.example"},
		"domain with umlaut":   {opts: map[uint8][]byte{optDomain: []byte("Bücher.example")}, domains: "xn--bcher-kva.example"},
		"domain of bytes":      {opts: map[uint8][]byte{optDomain: []byte("b\xfccher.example")}, noted: "domain"},
		"domain with NUL":      {opts: map[uint8][]byte{optDomain: []byte("corp.example\x00")}, domains: "corp.example"},
		"domain list":          {opts: map[uint8][]byte{optDomain: []byte("a.example b.example")}, domains: "a.example b.example"},
		"domain of Windows":    {opts: map[uint8][]byte{optDomain: []byte("_msdcs.corp.local")}, domains: "_msdcs.corp.local"},
		"domain is shell":      {opts: map[uint8][]byte{optDomain: []byte("$(reboot)\nnameserver")}, noted: "$(reboot)"},
		"domain is an address": {opts: map[uint8][]byte{optDomain: []byte("10.0.0.1")}, noted: "10.0.0.1"},
		"search":               {opts: map[uint8][]byte{optSearch: search}, domains: "eng.corp.example x.eng.corp.example other.test"},
		"both":                 {opts: map[uint8][]byte{optDomain: []byte("other.test"), optSearch: search}, domains: "other.test eng.corp.example x.eng.corp.example"},
		"search loops":         {opts: map[uint8][]byte{optSearch: []byte("\x01a\x00\x01b\xc0\x03")}, domains: "a", noted: "option 119"},
		"search cut off":       {opts: map[uint8][]byte{optSearch: []byte("\x01a\x00\x05b")}, domains: "a", noted: "option 119"},
		"MTU":                  {opts: map[uint8][]byte{optMTU: {5, 120}}, mtu: 1400},
		"MTU of nothing":       {opts: map[uint8][]byte{optMTU: {0, 68}}, noted: "MTU 68"},
		"MTU of jumbo":         {opts: map[uint8][]byte{optMTU: {35, 40}}, noted: "MTU 9000"},
		"MTU misshapen":        {opts: map[uint8][]byte{optMTU: {5}}},
	} {
		l, n, err := judge(offered("192.168.30.10", tc.opts), time.Now(), false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var dns []string
		for _, d := range l.DNS {
			dns = append(dns, d.String())
		}
		if diff := cmp.Diff([]any{tc.dns, tc.domains, tc.mtu}, []any{strings.Join(dns, " "), strings.Join(l.Domains, " "), l.MTU}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		text := strings.Join(n.list, "\n")
		if tc.noted == "" && text != "" || !strings.Contains(text, tc.noted) {
			t.Errorf("%s: notes are %q, want %q", name, text, tc.noted)
		}
	}
}

// A name from the network never brings a line break or the like into the log.
func TestNotesAreBoundedAndHarmless(t *testing.T) {
	evil := strings.Repeat("\x1b[2J\n", 1000)
	_, n, err := judge(offered("192.168.30.10", map[uint8][]byte{
		optDomain: []byte(strings.ReplaceAll(evil, "\n", " ")),
		optDNS:    make([]byte, 4000),
	}), time.Now(), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.list) != maxNotes || n.more == 0 {
		t.Errorf("%d notes, %d more", len(n.list), n.more)
	}
	for _, text := range n.list {
		if strings.ContainsAny(text, "\x1b\n") || len(text) > 400 {
			t.Errorf("note %q", text)
		}
	}
}
