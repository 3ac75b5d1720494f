// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/lab/bustest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const (
	testName = "org.freedesktop.NetworkManager.softether.Connection_7"
	policy   = "../../data/nm-softether-service.conf"
)

// NetworkManager drops a signal whose signature is not exactly this, without a word.
func TestSignalsHaveTheSignaturesNetworkManagerExpects(t *testing.T) {
	bus := bustest.New(t, policy)
	conn := bus.Connect(t)
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := conn.AddMatchSignal(dbus.WithMatchInterface(Interface)); err != nil {
		t.Fatal(err)
	}
	p := start(t, bus, &caller{})

	cfg4 := IPConfig{
		Addr: netip.MustParsePrefix("10.1.2.3/24"), Gateway: netip.MustParseAddr("10.1.2.1"),
		DNS: []netip.Addr{netip.MustParseAddr("10.1.2.1"), netip.MustParseAddr("9.9.9.9")}, Domains: []string{"example.test"},
		Routes: []Route{{Dst: netip.MustParsePrefix("10.9.0.0/16"), Via: netip.MustParseAddr("10.1.2.9")}, {Dst: netip.MustParsePrefix("10.8.0.0/16")}},
	}
	cfg6 := IPConfig{
		Addr: netip.MustParsePrefix("2001:db8::5/64"), Gateway: netip.MustParseAddr("fe80::1"), NeverDefault: true,
		DNS: []netip.Addr{netip.MustParseAddr("2001:db8::53")}, Domains: []string{"example.test"},
		Routes: []Route{{Dst: netip.MustParsePrefix("2001:db8:9::/48"), Via: netip.MustParseAddr("fe80::9")}},
	}
	p.StateChanged(StateStarting)
	p.SecretsRequired("Wrong\x00 password\xff", []string{"password"})
	p.Config(Config{TunDev: "se0", Gateway: netip.MustParseAddr("192.0.2.1"), MTU: 1500, Banner: "Hello\xff", HasIP4: true, HasIP6: true})
	p.Config(Config{TunDev: "se0", Gateway: netip.MustParseAddr("2001:db8::1")})
	p.IP4Config(cfg4)
	p.IP4Config(IPConfig{Addr: netip.MustParsePrefix("10.1.2.3/24"), NeverDefault: true})
	p.IP6Config(cfg6)
	p.Failure(FailureBadIPConfig)
	p.StateChanged(StateStopped)

	// On a little-endian machine 10.1.2.3, bytes 0a 01 02 03, reads 0x0302010a.
	want := []string{
		"StateChanged(u) 1",
		"StateChanged(u) 3",
		"SecretsRequired(sas) Wrong password� [password]",
		`Config(a{sv}) banner=s"Hello�" gateway=u0x010200c0 has-ip4=btrue has-ip6=btrue mtu=u0x000005dc tundev=s"se0"`,
		`Config(a{sv}) gateway=ay20010db8000000000000000000000001 has-ip4=bfalse has-ip6=bfalse tundev=s"se0"`,
		`Ip4Config(a{sv}) address=u0x0302010a dns=au[16908554 151587081] domains=as[example.test] internal-gateway=u0x0102010a ` +
			`never-default=bfalse prefix=u0x00000018 routes=aau[[2314 16 151126282 0] [2058 16 0 0]]`,
		`Ip4Config(a{sv}) address=u0x0302010a never-default=btrue prefix=u0x00000018`,
		`Ip6Config(a{sv}) address=ay20010db8000000000000000000000005 dns=aay[[32 1 13 184 0 0 0 0 0 0 0 0 0 0 0 83]] domains=as[example.test] ` +
			`internal-gateway=ayfe800000000000000000000000000001 never-default=btrue prefix=u0x00000040 ` +
			`routes=a(ayuayu)[[[32 1 13 184 0 9 0 0 0 0 0 0 0 0 0 0] 48 [254 128 0 0 0 0 0 0 0 0 0 0 0 0 0 9] 0]]`,
		"Failure(u) 2",
		"StateChanged(u) 6",
	}
	var got []string
	for len(got) < len(want) {
		select {
		case s := <-signals:
			if s.Sender == "org.freedesktop.DBus" {
				continue // about bus names
			}
			if s.Path != Path {
				t.Errorf("signal from %s, want %s", s.Path, Path)
			}
			got = append(got, show(s))
		case <-time.After(leaktest.Patience):
			t.Fatalf("signal %d did not come; so far:\n%s", len(got)+1, strings.Join(got, "\n"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected signals (-want +got):\n%s", diff)
	}
}

// show writes a signal with the signature of its body and of every variant in it.
func show(s *dbus.Signal) string {
	line := fmt.Sprintf("%s(%s)", strings.TrimPrefix(s.Name, Interface+"."), dbus.SignatureOf(s.Body...))
	for _, arg := range s.Body {
		dict, ok := arg.(map[string]dbus.Variant)
		if !ok {
			line += fmt.Sprintf(" %v", arg)
			continue
		}
		var items []string
		for k, v := range dict {
			format := " %s=%s%v"
			switch v.Value().(type) {
			case uint32:
				format = " %s=%s0x%08x"
			case []byte:
				format = " %s=%s%x"
			case string:
				format = " %s=%s%q"
			}
			items = append(items, fmt.Sprintf(format, k, v.Signature(), v.Value()))
		}
		sort.Strings(items)
		line += strings.Join(items, "")
	}
	return line
}

func TestMethodsReachTheHandler(t *testing.T) {
	bus := bustest.New(t, policy)
	h := &caller{}
	start(t, bus, h)
	obj := bus.Connect(t).Object(testName, Path)
	settings := map[string]map[string]dbus.Variant{"vpn": {
		"data":    dbus.MakeVariant(map[string]string{"gateway": "vpn.example"}),
		"secrets": dbus.MakeVariant(map[string]string{"password": "s"}),
	}}
	var setting string
	if err := obj.Call(Interface+".NeedSecrets", 0, settings).Store(&setting); err != nil || setting != "vpn" {
		t.Errorf("NeedSecrets returned %q, %v", setting, err)
	}
	for _, call := range []struct {
		method string
		args   []any
	}{
		{"Connect", []any{settings}},
		{"ConnectInteractive", []any{settings, map[string]dbus.Variant{}}},
		{"NewSecrets", []any{settings}},
		{"Disconnect", nil},
	} {
		if err := obj.Call(Interface+"."+call.method, 0, call.args...).Err; err != nil {
			t.Errorf("%s: %v", call.method, err)
		}
	}
	want := []string{
		"NeedSecrets map[gateway:vpn.example]",
		"Connect map[gateway:vpn.example] interactive=false from-unique-name=true",
		"Connect map[gateway:vpn.example] interactive=true from-unique-name=true",
		"NewSecrets map[password:s]",
		"Disconnect",
	}
	if diff := cmp.Diff(want, h.calls()); diff != "" {
		t.Errorf("unexpected calls (-want +got):\n%s", diff)
	}
}

func TestErrorsKeepTheirNameOnTheBus(t *testing.T) {
	bus := bustest.New(t, policy)
	h := &caller{}
	start(t, bus, h)
	obj := bus.Connect(t).Object(testName, Path)
	for _, tt := range []struct {
		err  error
		want string
	}{
		{Errorf(ErrorBadArguments, "port: 0 is not in 1..65535"), "org.freedesktop.NetworkManager.VPN.Error.BadArguments"},
		{fmt.Errorf("wrapped: %w", Errorf(ErrorWrongState, "busy")), "org.freedesktop.NetworkManager.VPN.Error.WrongState"},
		{errors.New("anything else"), "org.freedesktop.NetworkManager.VPN.Error.Failed"},
	} {
		h.answer(tt.err)
		var got dbus.Error
		if err := obj.Call(Interface+".Disconnect", 0).Err; !errors.As(err, &got) || got.Name != tt.want || got.Error() != tt.err.Error() {
			t.Errorf("%v became %v (%q), want %s", tt.err, got.Name, got.Error(), tt.want)
		}
	}
}

func TestStateIsAProperty(t *testing.T) {
	bus := bustest.New(t, policy)
	p := start(t, bus, &caller{})
	p.StateChanged(StateStarting)
	v, err := bus.Connect(t).Object(testName, Path).GetProperty(Interface + ".State")
	if err != nil || v.Value() != uint32(StateStarting) {
		t.Errorf("State is %v, %v; want 3", v, err)
	}
}

func TestTheIntrospectionIsTheContract(t *testing.T) {
	bus := bustest.New(t, policy)
	start(t, bus, &caller{})
	var xml string
	err := bus.Connect(t).Object(testName, Path).Call("org.freedesktop.DBus.Introspectable.Introspect", 0).Store(&xml)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<interface name="org.freedesktop.NetworkManager.VPN.Plugin">`,
		`<arg name="connection" type="a{sa{sv}}" direction="in">`,
		`<signal name="SecretsRequired">`,
		`<property name="State" type="u" access="read">`,
	} {
		if !strings.Contains(xml, want) {
			t.Errorf("no %s in\n%s", want, xml)
		}
	}
}
