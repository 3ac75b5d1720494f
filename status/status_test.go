// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/lab/bustest"
	"network-manager-softether/profile"
)

var now = time.Unix(1_800_000_000, 0)

func office() map[string]dbus.Variant {
	out := map[string]dbus.Variant{}
	for name, v := range map[string]any{
		"Id": "Office\x1b[2J", "Uuid": "6f7c", "Interface": "se0", "Phase": "up", "Server": "vpn.example.com:443", "Hub": "OFFICE", "User": "joe",
		"Addresses": []string{"10.20.0.57/24", "fd20::57/64"}, "SentBytes": uint64(999), "SentFrames": uint64(3),
		"ReceivedBytes": uint64(1_234_567_890), "ReceivedFrames": uint64(1_000_000), "NewLogins": uint32(1), "Reattachments": uint32(2),
		"Since": now.Unix() - 3700, "ServerAddress": "203.0.113.10:443", "ServerProduct": "SoftEther VPN Server", "ServerVersion": uint32(501),
		"ServerBuild": uint32(9674), "Session": "SID-JOE-3", "Tls": "TLS 1.3", "Cipher": "TLS_AES_256_GCM_SHA384", "CertificateSha256": "3F9C",
		"TcpConnections": uint32(7), "MaxTcpConnections": uint32(8), "HalfDuplex": false, "Compression": true, "Udp": "carrying", "UdpVersion": uint32(2),
		"FromTheFuture": "ignored",
	} {
		out[name] = dbus.MakeVariant(v)
	}
	return out
}

func TestPeopleReadHowAConnectionStands(t *testing.T) {
	lost := office()
	for name := range lost {
		if _, ok := reflect.TypeFor[session]().FieldByNameFunc(func(f string) bool {
			sf, _ := reflect.TypeFor[session]().FieldByName(f)
			return sf.Tag.Get("bus") == name
		}); ok {
			delete(lost, name)
		}
	}
	lost["Id"] = dbus.MakeVariant("Home")
	got := text([]connection{read(office()), read(lost)}, now)
	want := `Office�[2J (se0), connected for 1 h 1 min
  Server: vpn.example.com:443, at 203.0.113.10:443
  Server software: SoftEther VPN Server 5.01, build 9674
  Virtual hub: OFFICE
  User: joe
  Session: SID-JOE-3
  Encryption: TLS 1.3, TLS_AES_256_GCM_SHA384
  Server certificate (SHA-256): 3F9C
  TCP connections: 7 of 8, compressed
  UDP acceleration: in use (version 2)
  Addresses: 10.20.0.57/24, fd20::57/64
  Received: 1.2 GB in 1000000 frames
  Sent: 999 B in 3 frames
  Reconnections: 2 re-attached, 1 logged in again

Home (se0), reconnecting: the session was lost; addresses and routes are kept
  Server: vpn.example.com:443
  Virtual hub: OFFICE
  User: joe
  Addresses: 10.20.0.57/24, fd20::57/64
  Received: 1.2 GB in 1000000 frames
  Sent: 999 B in 3 frames
  Reconnections: 2 re-attached, 1 logged in again
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNumbersArePutIntoUnits(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 1 << 63: "9.2 EB"} {
		if got := volume(n); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min 1 s",
		3 * time.Hour: "3 h 0 min", 49 * time.Hour: "2 d 1 h",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// A service of another version may have other properties, or others' types.
func TestStrangePropertiesAreLeftOut(t *testing.T) {
	c := read(map[string]dbus.Variant{"Id": dbus.MakeVariant(uint32(7)), "Since": dbus.MakeVariant("yesterday"), "Addresses": dbus.MakeVariant("none"), "Hub": dbus.MakeVariant("H")})
	if c.ID != "" || c.Hub != "H" || c.Session == nil || c.Session.Since != 0 || len(c.Addresses) != 0 {
		t.Errorf("%+v", c)
	}
}

// service answers on a bus as one of a connection.
type service struct {
	facts map[string]dbus.Variant
	err   *dbus.Error
}

func (s service) GetAll(string) (map[string]dbus.Variant, *dbus.Error) { return s.facts, s.err }

func TestServicesOnTheBusAreAsked(t *testing.T) {
	bus := bustest.New(t, "../data/nm-softether-service.conf")
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.Address)
	serve := func(n string, s service) {
		conn := bus.Connect(t)
		if err := conn.Export(s, profile.StatusPath, "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.RequestName(profile.ServiceType+".Connection_"+n, dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
	}
	try := func(want int, args ...string) (string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(context.Background(), args, &out, &errs); got != want {
			t.Errorf("%v: exit status %d, want %d: %s", args, got, want, errs.String())
		}
		return out.String(), errs.String()
	}
	if out, _ := try(exitOK); !strings.Contains(out, "No SoftEther connection") {
		t.Errorf("without a service: %q", out)
	}
	if out, _ := try(exitOK, "--json"); out != "[]\n" {
		t.Errorf("without a service, JSON: %q", out)
	}
	serve("1", service{facts: office()})
	serve("2", service{err: dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", nil)})
	serve("3", service{err: dbus.NewError("org.example.Broken", []any{"broken"})})
	out, errs := try(exitOK, "--json")
	var list []connection
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || list[0].Session.Cipher != "TLS_AES_256_GCM_SHA384" {
		t.Errorf("JSON: %v, %s", err, out)
	}
	if !strings.Contains(errs, "Connection_3") || strings.Contains(errs, "Connection_2") {
		t.Errorf("complaints: %s", errs)
	}
	for _, name := range []string{"se0", "6f7c"} {
		if out, _ := try(exitOK, name); !strings.Contains(out, "joe") {
			t.Errorf("%s: %s", name, out)
		}
	}
	try(exitFailed, "Nowhere")
	try(exitUsage, "a", "b")
	try(exitUsage, "--colour")
}

// Package flag says it in English alone.
func TestUnknownOptionsAreNamedInOurWords(t *testing.T) {
	for arg, want := range map[string]string{"--colour": "unknown option --colour", "--colour=never": "unknown option --colour", "---json": "unknown option ---json"} {
		if _, err := parseOptions([]string{"--json", arg, "office"}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

func TestHelpAndManualAreComplete(t *testing.T) {
	page, err := os.ReadFile("../data/nm-softether-status.1")
	if err != nil {
		t.Fatal(err)
	}
	manual := strings.ReplaceAll(string(page), `\-`, "-")
	flags(&options{}).VisitAll(func(f *flag.Flag) {
		if !strings.Contains(usage(), "--"+f.Name) || !strings.Contains(manual, "\n.B --"+f.Name+"\n") {
			t.Errorf("--%s is not in both", f.Name)
		}
	})
	for _, v := range []any{connection{}, session{}} {
		for f := range reflect.TypeOf(v).Fields() {
			if name := f.Tag.Get("json"); !strings.Contains(manual, name) {
				t.Errorf("%s of JSON is not in the manual", name)
			}
		}
	}
	for state := range udpTexts {
		if !strings.Contains(manual, state) {
			t.Errorf("the UDP state %s is not in the manual", state)
		}
	}
}
