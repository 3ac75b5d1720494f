// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	"network-manager-softether/protocol/softethertest"
	"network-manager-softether/service/nmvpn"
)

// automatic are the settings of a profile that gets its IPv4 address by DHCP.
func automatic(change ...string) nmvpn.Settings {
	s := settings(change...)
	s["ipv4"]["method"] = dbus.MakeVariant("auto")
	return s
}

func TestASessionThatEndsBeforeTheLeaseIsAFailedConnection(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, automatic())
		st.expect(t, "state starting")
		st.session.die(protocol.ErrLost)
		st.expect(t, append([]string{"failure: connect failed"}, over...)...)
		<-st.tap.Closed()
		ended(t, st)
	})
}

func TestWithoutALeaseTheConnectionFailsForIt(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := newStage(false)
		st.connect(t, true, automatic())
		time.Sleep(leaseTimeout)
		st.expect(t, append([]string{"state starting", "failure: bad IP configuration"}, over...)...)
		if !errors.Is(st.session.err, protocol.ErrClosed) {
			t.Error("the session was not closed")
		}
		<-st.tap.Closed()
	})
}

// silence is a port without a router; closing it is the end of the TAP.
type silence chan []byte

func (silence) Send([]byte) error       { return nil }
func (s silence) Frames() <-chan []byte { return s }

func TestNobodyKeepsIPv6OnAClosedPort(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		port := make(silence)
		missing := make(chan error, 2)
		client := autoconf.New(port, autoconf.Config{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}})
		go keepIPv6(t.Context(), client, func(cfg *autoconf.Config6) { t.Errorf("found %v", cfg) }, func(err error) { missing <- err })
		if err := <-missing; !errors.Is(err, autoconf.ErrNoRouter) {
			t.Errorf("without a router: %v", err)
		}
		synctest.Wait()
		close(port)
		if err := <-missing; !errors.Is(err, dhcp.ErrPortClosed) {
			t.Errorf("without a port: %v", err)
		}
	})
}

// elsewhere is a session with a server at another address than the real one.
type elsewhere struct {
	session
	server netip.Addr
}

func (s elsewhere) Info() protocol.Info {
	i := s.session.Info()
	i.ServerAddr = netip.AddrPortFrom(s.server, 443)
	return i
}

func TestALeaseOfAnAddressThatIsTakenIsRefused(t *testing.T) {
	for _, tt := range []struct {
		server string
		held   string
		want   []string
	}{
		{"10.66.0.10", "", append([]string{"state starting", "failure: bad IP configuration"}, over...)},
		{"10.66.0.11", "wlan0", append([]string{"state starting", "failure: bad IP configuration"}, over...)},
		{"10.66.0.11", "", []string{"state starting", "config se0 via 10.66.0.11", "ip4 10.66.0.10/24, no default route", "state started"}},
	} {
		t.Run(tt.server+tt.held, func(t *testing.T) {
			server := softethertest.NewServer(softethertest.WithDHCP(softethertest.NewDHCP(softethertest.Lease{})))
			defer server.Close()
			st := newStage(false)
			st.held = tt.held
			st.system.dial = func(ctx context.Context, cfg *protocol.Config) (session, error) {
				s, err := protocol.Dial(ctx, cfg)
				if err != nil {
					return nil, err
				}
				return elsewhere{s, netip.MustParseAddr(tt.server)}, nil
			}
			pin := sha256.Sum256(server.Cert().Raw)
			st.connect(t, true, automatic("gateway="+server.Addr(), "hub=TEST", "!password=secret1", "server-cert-sha256="+hex.EncodeToString(pin[:])))
			if diff := cmp.Diff(tt.want, st.hear(t, len(tt.want))); diff != "" {
				t.Errorf("NetworkManager heard (-want +got):\n%s", diff)
			}
			st.Disconnect()
			select {
			case <-st.gone:
			case <-time.After(leaktest.Patience):
				t.Error("the service does not end")
			}
		})
	}
}

// hear waits for n lines where time is real.
func (st *stage) hear(t *testing.T, n int) []string {
	t.Helper()
	var lines []string
	deadline, tick := time.After(leaktest.Patience), time.Tick(time.Millisecond)
	for len(lines) < n {
		select {
		case <-tick:
			lines = append(lines, st.nm.take()...)
		case <-deadline:
			t.Fatalf("heard only %q", lines)
		}
	}
	return lines
}

// wire is an autoconf.Port whose other end is the test.
type wire struct{ in chan []byte }

func (wire) Send([]byte) error       { return nil }
func (w wire) Frames() <-chan []byte { return w.in }

// advertisement is a frame in which a router gives the prefix 2001:db8:1::/64.
func advertisement(t *testing.T) []byte {
	t.Helper()
	src, dst := netip.MustParseAddr("fe80::1"), netip.MustParseAddr("ff02::1")
	m, err := ndp.MarshalMessageChecksum(&ndp.RouterAdvertisement{RouterLifetime: time.Hour, Options: []ndp.Option{&ndp.PrefixInformation{
		PrefixLength: 64, Prefix: netip.MustParseAddr("2001:db8:1::"), OnLink: true, AutonomousAddressConfiguration: true,
		ValidLifetime: time.Hour, PreferredLifetime: time.Hour,
	}}}, src, dst)
	if err != nil {
		t.Fatal(err)
	}
	const icmpv6, hops = 58, 255
	f := []byte{0x33, 0x33, 0, 0, 0, 1, 0x5e, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, byte(len(m) >> 8), byte(len(m)), icmpv6, hops}
	return append(append(append(f, src.AsSlice()...), dst.AsSlice()...), m...)
}

func TestAnIPv6RouterThatComesUpLateIsHeardAtOnce(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		w := wire{make(chan []byte, portDepth)}
		client := autoconf.New(w, autoconf.Config{MAC: []byte{0x5e, 0, 0, 0, 0, 2}, Logger: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		found := make(chan *autoconf.Config6, 1)
		go keepIPv6(ctx, client, func(c *autoconf.Config6) { found <- c }, func(error) {})
		time.Sleep(20 * time.Minute)
		w.in <- advertisement(t)
		synctest.Wait()
		select {
		case c := <-found:
			if want := netip.MustParsePrefix("2001:db8:1:0:5c00:ff:fe00:2/64"); c.Addr != want {
				t.Errorf("address %v, want %v", c.Addr, want)
			}
		default:
			t.Error("the router was not heard")
		}
	})
}
