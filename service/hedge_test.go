// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"network-manager-softether/internal/bubbletest"
)

func TestTheFirstNameServerToAnswerCounts(t *testing.T) {
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	broken := errors.New("server misbehaving")
	nowhere := &net.DNSError{Err: "no such host", IsNotFound: true}
	after := func(d time.Duration, err error, list ...netip.Addr) lookup {
		return func(ctx context.Context) ([]netip.Addr, error) {
			select {
			case <-time.After(d):
				return list, err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	dead := after(time.Hour, nil)
	const rtt = 10 * time.Millisecond
	for name, tt := range map[string]struct {
		lookups []lookup
		want    []netip.Addr
		err     error
		took    time.Duration
	}{
		"the first one is well":               {[]lookup{after(rtt, nil, here), after(0, nil, there)}, []netip.Addr{here}, nil, rtt},
		"it is slow":                          {[]lookup{after(hedge+rtt, nil, here), after(2*rtt, nil, there)}, []netip.Addr{here}, nil, hedge + rtt},
		"it is slower than the next one":      {[]lookup{after(hedge+3*rtt, nil, here), after(2*rtt, nil, there)}, []netip.Addr{there}, nil, hedge + 2*rtt},
		"it is dead":                          {[]lookup{dead, after(rtt, nil, there)}, []netip.Addr{there}, nil, hedge + rtt},
		"two are":                             {[]lookup{dead, dead, after(rtt, nil, there)}, []netip.Addr{there}, nil, 2*hedge + rtt},
		"it fails":                            {[]lookup{after(rtt, broken), after(rtt, nil, there)}, []netip.Addr{there}, nil, 2 * rtt},
		"it has no address":                   {[]lookup{after(rtt, nil), after(rtt, nil, there)}, []netip.Addr{there}, nil, 2 * rtt},
		"it says that there is no such name":  {[]lookup{after(rtt, nowhere), after(rtt, nil, there)}, nil, nowhere, rtt},
		"the next one says so":                {[]lookup{dead, after(rtt, nowhere)}, nil, nowhere, hedge + rtt},
		"all fail":                            {[]lookup{after(hedge+rtt, broken), after(0, io.EOF)}, nil, broken, hedge + rtt},
		"all are dead, for as long as we ask": {[]lookup{dead, dead}, nil, context.DeadlineExceeded, 10 * time.Second},
		"there is none":                       {nil, nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				began := time.Now()
				got, err := firstAnswer(ctx, tt.lookups...)
				if took := time.Since(began); !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) || took != tt.took {
					t.Errorf("%v, %v after %v, want %v, %v after %v", got, err, took, tt.want, tt.err, tt.took)
				}
			})
		})
	}
}

// nameServer answers the questions on one connection, each behind its length, with addr, or says that there is no such name.
func nameServer(conn net.Conn, addr netip.Addr) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint16(size[:]))
		var m dnsmessage.Message
		if _, err := io.ReadFull(conn, b); err != nil || m.Unpack(b) != nil || len(m.Questions) != 1 {
			return
		}
		q := m.Questions[0]
		m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
		switch {
		case !addr.IsValid():
			m.RCode = dnsmessage.RCodeNameError
		case q.Type == dnsmessage.TypeA:
			m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: addr.As4()}}}
		}
		b, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)); err != nil {
			return
		}
	}
}

// The name servers of a base are asked by their addresses, and a dead one costs hardly anything.
func TestADeadNameServerOfABaseIsNotWaitedFor(t *testing.T) {
	dead, well, other := netip.MustParseAddr("10.81.0.1"), netip.MustParseAddr("10.81.0.3"), netip.MustParseAddr("fd81::3")
	found := netip.MustParseAddr("192.0.2.1")
	for name, tt := range map[string]struct {
		servers []netip.Addr
		answers map[netip.Addr]netip.Addr
		want    []netip.Addr
		err     string
		took    time.Duration
	}{
		"the first one":      {[]netip.Addr{dead, well}, map[netip.Addr]netip.Addr{well: found}, []netip.Addr{found}, "", hedge},
		"all but the last":   {[]netip.Addr{dead, dead, other}, map[netip.Addr]netip.Addr{other: found}, []netip.Addr{found}, "", 2 * hedge},
		"the second one":     {[]netip.Addr{well, dead}, map[netip.Addr]netip.Addr{well: found}, []netip.Addr{found}, "", 0},
		"there is no name":   {[]netip.Addr{dead, well}, map[netip.Addr]netip.Addr{well: {}}, nil, "10.81.0.3:53: no such host", hedge},
		"the only one":       {[]netip.Addr{dead}, nil, nil, "10.81.0.1:53: i/o timeout", 3 * time.Second},
		"there is no server": {nil, nil, nil, errNoServers.Error(), 0},
	} {
		t.Run(name, func(t *testing.T) {
			// The resolver's own lock belongs to nobody's bubble.
			_, _ = (&net.Resolver{PreferGo: true}).LookupNetIP(t.Context(), "ip", "localhost")
			bubbletest.Run(t, func(t *testing.T) {
				path := newServerPath(slog.New(slog.DiscardHandler), nil)
				path.use(base{index: 2, name: "eth0"})
				names := &baseNames{path: path, servers: func(_ context.Context, device string) ([]netip.Addr, error) {
					if device != "eth0" {
						t.Errorf("%s was asked for its name servers", device)
					}
					return tt.servers, nil
				}, dial: func(_ context.Context, _, address string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					if addr, ok := tt.answers[netip.MustParseAddrPort(address).Addr()]; ok {
						go nameServer(theirs, addr)
					} else {
						go func() { _, _ = io.Copy(io.Discard, theirs) }() // until ours is closed
					}
					return ours, nil
				}}
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				began := time.Now()
				got, err := names.LookupNetIP(ctx, "ip", "vpn.example")
				took := time.Since(began)
				if !slices.Equal(got, tt.want) || took != tt.took || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, %v after %v, want %v, %q after %v", got, err, took, tt.want, tt.err, tt.took)
				}
				cancel()
				time.Sleep(10 * time.Second) // whoever was still asked is not any more
			})
		})
	}
}

func TestFurtherNameServersOfTheSystemAreAskedBeside(t *testing.T) {
	var asked []string
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		asked = append(asked, address)
		return nil, io.EOF
	}
	all := []string{"10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53"}
	for n := range len(all) + 2 {
		asked = nil
		by := passingOver(n, dial)
		for range 2 { // for an A and an AAAA record
			for _, a := range all {
				if _, err := by(t.Context(), "udp", a); err == nil {
					t.Error("somebody answered")
				}
			}
		}
		want := all[min(n, len(all)):]
		if want = append(slices.Clone(want), want...); !slices.Equal(asked, want) {
			t.Errorf("without the first %d: %q were asked, want %q", n, asked, want)
		}
	}
}

// What the system's resolver says counts, but for what it cannot say yet.
func TestTheSystemsResolverHasTheLastWord(t *testing.T) {
	found := netip.MustParseAddr("192.0.2.1")
	nowhere := &net.DNSError{Err: "no such host", IsNotFound: true}
	for name, tt := range map[string]struct {
		after time.Duration
		list  []netip.Addr
		err   error
	}{
		"there is no such name": {0, nil, nowhere},
		"an address at last":    {3 * hedge, []netip.Addr{found}, nil}, // all name servers have said that there is no such name
	} {
		t.Run(name, func(t *testing.T) {
			names := &baseNames{
				path: newServerPath(slog.New(slog.DiscardHandler), nil),
				system: systemResolver(func() ([]netip.Addr, error) {
					time.Sleep(tt.after)
					return tt.list, tt.err
				}),
				dial: func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					go nameServer(theirs, netip.Addr{})
					return ours, nil
				},
			}
			got, err := names.LookupNetIP(t.Context(), "ip", "vpn.example")
			if !slices.Equal(got, tt.list) || !errors.Is(err, tt.err) {
				t.Errorf("%v, %v, want %v, %v", got, err, tt.list, tt.err)
			}
		})
	}
}

// systemResolver answers whatever it is asked.
type systemResolver func() ([]netip.Addr, error)

func (f systemResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return f()
}
