// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/tapbridge"
)

var mac = net.HardwareAddr{0x5e, 1, 2, 3, 4, 5}

func TestTAPIsConfiguredBeforeAnybodySeesIt(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  tapbridge.TAPConfig
		want map[string]string // of the sysctls
		text []string          // in the output of ip
	}{
		{
			"defaults",
			tapbridge.TAPConfig{MAC: mac},
			map[string]string{"accept_ra": "0", "autoconf": "0", "use_tempaddr": "0", "disable_ipv6": "0", "router_solicitation_delay": "0"},
			[]string{"se0:", "mtu 1500", "UP", "link/ether 5e:01:02:03:04:05", "tun type tap", "persist off", "vnet_hdr on", "inet6 fe80::5c01:2ff:fe03:405/64"},
		},
		{
			"no IPv6, own name, MTU, plain",
			tapbridge.TAPConfig{Name: "my.tap-1", MAC: mac, MTU: 1400, DisableIPv6: true, PlainMode: true},
			map[string]string{"accept_ra": "0", "autoconf": "0", "use_tempaddr": "0", "disable_ipv6": "1"},
			[]string{"my.tap-1:", "mtu 1400", "UP", "link/ether 5e:01:02:03:04:05", "persist off", "vnet_hdr off"},
		},
		{
			"addresses by the kernel",
			tapbridge.TAPConfig{MAC: mac, Autoconf: &tapbridge.Autoconf{Token: [8]byte{7: 9}, Temporary: 2}, Unplugged: true},
			map[string]string{
				"accept_ra": "2", "autoconf": "1", "accept_ra_defrtr": "0", "accept_ra_mtu": "0", "use_tempaddr": "2",
				"optimistic_dad": "1", "use_optimistic": "1", "router_solicitations": "0", "addr_gen_mode": "1",
			},
			[]string{"inet6 fe80::5c01:2ff:fe03:405/64"},
		},
		{
			"stable ones",
			tapbridge.TAPConfig{MAC: mac, Autoconf: &tapbridge.Autoconf{Secret: [16]byte{1, 15: 2}}},
			map[string]string{"accept_ra": "2", "use_tempaddr": "0", "addr_gen_mode": "2", "stable_secret": "0100:0000:0000:0000:0000:0000:0000:0002"},
			[]string{"inet6 fe80::5c01:2ff:fe03:405/64"},
		},
		{
			"too small for IPv6",
			tapbridge.TAPConfig{MAC: mac, MTU: 576},
			nil,
			[]string{"mtu 576", "UP"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetns(t)
			tap := n.open(tt.cfg)
			defer tap.Close()
			text := n.run("ip", "-d", "addr", "show", "dev", tap.Name())
			for _, want := range tt.text {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			for key, want := range tt.want {
				var got []byte
				n.do(func() { got, _ = os.ReadFile(filepath.Join("/proc/sys/net/ipv6/conf", tap.Name(), key)) })
				if diff := cmp.Diff(want, strings.TrimSpace(string(got))); diff != "" {
					t.Errorf("unexpected %s (-want +got):\n%s", key, diff)
				}
			}
			// The kernel counts in ticks of its own.
			var dad string
			n.do(func() {
				b, _ := os.ReadFile(filepath.Join("/proc/sys/net/ipv6/neigh", tap.Name(), "retrans_time_ms"))
				dad = strings.TrimSpace(string(b))
			})
			if ms, err := strconv.Atoi(dad); tt.cfg.MTU != 576 && (err != nil || ms < 250 || ms > 260) {
				t.Errorf("an address is looked for duplicates for %q ms", dad)
			}
			if diff := cmp.Diff(mac.String(), tap.MAC().String()); diff != "" {
				t.Errorf("unexpected MAC (-want +got):\n%s", diff)
			}
			if tap.Offload() == tt.cfg.PlainMode {
				t.Errorf("offload is %v", tap.Offload())
			}
			if err := tap.Close(); err != nil {
				t.Error(err)
			}
			if text, err := n.try("ip", "link", "show", "dev", tap.Name()); err == nil {
				t.Errorf("still there after Close:\n%s", text)
			}
			if err := tap.Close(); err != nil {
				t.Errorf("second Close: %v", err)
			}
		})
	}
}

func TestNamesAreTheFirstFreeOnes(t *testing.T) {
	n := newNetns(t)
	for _, tt := range []struct{ ask, want string }{
		{"", "se0"}, {"se%d", "se1"}, {"se5", "se5"}, {"", "se2"}, {"x%d", "x0"},
	} {
		tap := n.open(tapbridge.TAPConfig{Name: tt.ask, MAC: mac})
		defer tap.Close()
		if tap.Name() != tt.want {
			t.Errorf("name %q became %q, want %q", tt.ask, tap.Name(), tt.want)
		}
	}
}

func TestOpenTAPSaysWhatIsWrong(t *testing.T) {
	n := newNetns(t)
	n.run("ip", "tuntap", "add", "dev", "taken0", "mode", "tun")
	n.run("ip", "tuntap", "add", "dev", "taken1", "mode", "tap") // persistent, and free to attach to
	for _, tt := range []struct {
		cfg  tapbridge.TAPConfig
		want error
		text string
	}{
		{tapbridge.TAPConfig{Name: "taken0", MAC: mac}, tapbridge.ErrNameTaken, "taken0"},
		{tapbridge.TAPConfig{Name: "taken1", MAC: mac}, tapbridge.ErrNameTaken, "taken1"},
		{tapbridge.TAPConfig{Name: "lo", MAC: mac}, tapbridge.ErrNameTaken, "lo"},
		{tapbridge.TAPConfig{Name: "sixteen-letters-", MAC: mac}, tapbridge.ErrBadConfig, "longer than 15"},
		{tapbridge.TAPConfig{Name: "a/b", MAC: mac}, tapbridge.ErrBadConfig, `"a/b"`},
		{tapbridge.TAPConfig{Name: "a b", MAC: mac}, tapbridge.ErrBadConfig, `"a b"`},
		{tapbridge.TAPConfig{Name: "..", MAC: mac}, tapbridge.ErrBadConfig, "reserved"},
		{tapbridge.TAPConfig{Name: "all", MAC: mac}, tapbridge.ErrBadConfig, "reserved"},
		{tapbridge.TAPConfig{Name: "a%d%d", MAC: mac}, tapbridge.ErrBadConfig, "single %d"},
		{tapbridge.TAPConfig{Name: "a%s", MAC: mac}, tapbridge.ErrBadConfig, "single %d"},
		{tapbridge.TAPConfig{}, tapbridge.ErrBadConfig, "6 bytes"},
		{tapbridge.TAPConfig{MAC: make([]byte, 6)}, tapbridge.ErrBadConfig, "all zeros"},
		{tapbridge.TAPConfig{MAC: net.HardwareAddr{1, 2, 3, 4, 5, 6}}, tapbridge.ErrBadConfig, "group"},
		{tapbridge.TAPConfig{MAC: mac, MTU: 575}, tapbridge.ErrBadConfig, "MTU 575"},
		{tapbridge.TAPConfig{MAC: mac, MTU: 1600}, tapbridge.ErrBadConfig, "MTU 1600"},
	} {
		var err error
		n.do(func() { _, err = tapbridge.OpenTAP(tt.cfg) })
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%+v: error %v, want %v that names %s", tt.cfg, err, tt.want, tt.text)
		}
	}
	if got := n.run("ip", "-br", "link"); strings.Contains(got, "se0") {
		t.Errorf("a failed OpenTAP left a device:\n%s", got)
	}
}

// deadline fails the test if c is not closed soon.
func deadline(t testing.TB, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(leaktest.Patience):
		t.Fatalf("%s did not happen", what)
	}
}

func TestADeletedTAPIsNoticed(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := newSide(t, tapbridge.TAPConfig{PlainMode: plain}, 1)
		s.run("ip", "link", "del", s.tap.Name())
		deadline(t, s.bridge.Done(), "Done")
		if err := s.bridge.Err(); !errors.Is(err, tapbridge.ErrTAPGone) {
			t.Errorf("plain %v: error %v, want ErrTAPGone", plain, err)
		}
	}
}

// stuck is a Link whose Send does not return before release is closed.
type stuck struct{ entered, release chan struct{} }

func (l stuck) Send(*frame.Batch) error {
	select {
	case l.entered <- struct{}{}:
	default:
	}
	<-l.release
	return nil
}

func TestADeletedTAPIsNoticedByReceiveWhileTheLinkIsStuck(t *testing.T) {
	s := newSide(t, tapbridge.TAPConfig{}, 1)
	l := stuck{make(chan struct{}, 1), make(chan struct{})}
	s.bridge.SetLink(l)
	s.try("ping", "-c", "1", "-W", "0.1", "10.9.0.77")
	deadline(t, l.entered, "Send")
	s.run("ip", "link", "del", s.tap.Name())
	s.bridge.Receive([][]byte{make([]byte, 60)})
	deadline(t, s.bridge.Done(), "Done")
	if err := s.bridge.Err(); !errors.Is(err, tapbridge.ErrTAPGone) {
		t.Errorf("error %v, want ErrTAPGone", err)
	}
	close(l.release)
}

func TestATAPThatIsDownLosesFramesAndComesBack(t *testing.T) {
	p := newPair(t, tapbridge.TAPConfig{})
	p.b.run("ip", "link", "set", p.b.tap.Name(), "down")
	if out, err := p.a.try("ping", "-c", "1", "-W", "0.2", p.b.v4); err == nil {
		t.Errorf("a device that is down answered:\n%s", out)
	}
	p.b.run("ip", "link", "set", p.b.tap.Name(), "up")
	p.a.run("ping", "-c", "3", "-i", "0.2", "-W", "30", p.b.v4)
	if p.b.bridge.Stats().ReceiveDropped == 0 {
		t.Error("no dropped frame was counted")
	}
}

func TestTheTAPOutlivesItsLinks(t *testing.T) {
	p := newPair(t, tapbridge.TAPConfig{})
	p.a.run("ping", "-c", "3", "-i", "0.2", "-W", "30", p.b.v4)
	p.a.bridge.SetLink(nil)
	if out, err := p.a.try("ping", "-c", "1", "-W", "0.2", p.b.v4); err == nil {
		t.Errorf("an unplugged bridge answered:\n%s", out)
	}
	p.a.bridge.SetLink(cross{p.b.bridge})
	p.a.run("ping", "-c", "3", "-i", "0.2", "-W", "30", p.b.v4)
}

func TestALinkLocalAddressIsGoodAtOnce(t *testing.T) {
	n := newNetns(t)
	tap := n.open(tapbridge.TAPConfig{MAC: mac, Unplugged: true})
	defer tap.Close()
	if text := n.run("ip", "addr", "show", "dev", tap.Name()); !strings.Contains(text, "NO-CARRIER") || !goodLinkLocal(text) {
		t.Errorf("the device has carrier, or no address:\n%s", text)
	}
	if err := tap.SetCarrier(true); err != nil {
		t.Fatal(err)
	}
	if text := n.run("ip", "addr", "show", "dev", tap.Name()); strings.Contains(text, "NO-CARRIER") || !goodLinkLocal(text) {
		t.Errorf("the device has no carrier, or no address:\n%s", text)
	}
}

// goodLinkLocal looks for the one link-local address, that of the MAC address, past the search for duplicates.
func goodLinkLocal(text string) bool {
	return strings.Contains(text, "inet6 fe80::5c01:2ff:fe03:405/64") && strings.Count(text, "inet6 fe80") == 1 && !strings.Contains(text, "tentative")
}
