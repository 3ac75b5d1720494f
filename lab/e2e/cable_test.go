// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// cable is a connection to the office's network by an ordinary interface, whose addresses NetworkManager's own DHCP
// client gets.
const cable = "cable0"

// learned is what has come of a lease on an interface, one line each.
func (w *world) learned(dev string) (list []string, err error) {
	addrs, err := w.Desktop.Addrs(dev)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if a.Addr().Is4() {
			list = append(list, fmt.Sprintf("address of %v", a.Masked()))
			if a.Bits() == 32 { // the two have different ones
				list[len(list)-1] = "address of its own"
			}
		}
	}
	routes, err := w.Desktop.Routes()
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if to, ok := strings.CutSuffix(r, " dev "+dev); ok && !strings.HasPrefix(to, "default6") && !strings.Contains(to, "::") {
			list = append(list, to)
		}
	}
	dns, err := w.Desktop.DNS()
	if err != nil {
		return nil, err
	}
	for _, e := range dns {
		if e.Interface == dev {
			// Reverse zones are a plugin's way to say what a cable needs no word for.
			names := slices.DeleteFunc(slices.Clone(e.Domains), func(d string) bool { return strings.HasPrefix(d, "~") })
			list = append(list, fmt.Sprintf("DNS %v, domains %v", e.Servers, names))
		}
	}
	link, err := w.Desktop.Net.LinkByName(dev)
	if err != nil {
		return nil, err
	}
	return append(list, fmt.Sprintf("MTU %d", link.Attrs().MTU)), nil
}

// settled is learned once it is the same twice: routes of a cable follow its address.
func (w *world) settled(dev string) (list []string) {
	w.t.Helper()
	w.eventually("what is learned on "+dev, 10*time.Second, func() error {
		before := list
		time.Sleep(100 * time.Millisecond)
		var err error
		if list, err = w.learned(dev); err == nil && !slices.Equal(before, list) {
			err = fmt.Errorf("it changes: %v", list)
		}
		return err
	})
	return list
}

// A cableCase is a server's configuration, and what a tunnel does not have.
type cableCase struct{ name, program, config, but string }

// Whatever a server says, the tunnel has what a cable to the same network has.
func TestLeaseIsThatOfACable(t *testing.T) {
	t.Parallel()
	const router, outside = "10.20.0.1", "10.99.0.1"
	three, six := keaOption(3, quad(router)), keaOption(6, quad(router))
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	kea := func(options ...string) string { return servers.KeaConfig(keaOptions(options...)) }
	cases := []cableCase{
		{"the office's own", "", "", ""},
		{
			"two routers", servers.Kea, kea(keaOption(3, quad(router, "10.20.0.3")), six),
			"default via 10.20.0.3",
		}, // a plugin can name one,
		{"router outside the subnet", servers.Kea, kea(keaOption(3, quad(outside)), six), ""},
		{"pushed default on the link", servers.Kea, kea(keaOption(121, "00"+quad("0.0.0.0")), six), ""},
		{"route by a router outside", servers.Kea, kea(keaOption(121, "00"+quad(router)+"100a1e"+quad(outside)), six), ""},
		{
			"pushed routes beside a router", servers.Kea, kea(three, keaOption(121, "100a1e"+quad(router)), six),
			"default via 10.20.0.1",
		}, // RFC 3442, as systemd-networkd; the notice says what changes it,
		{"Microsoft's routes", servers.Kea, kea(three, keaOption(249, "100a1e"+quad(router)+"00"+quad(router)), six), ""},
		{"a network in halves", servers.Kea, kea(keaOption(121, "0100"+quad(router)+"0180"+quad(router)), six), ""},
		{"a route with bits of hosts", servers.Kea, kea(keaOption(121, "00"+quad(router)+"170a1e01"+quad(router)), six), ""},
		{"a route on the link", servers.Kea, kea(keaOption(121, "00"+quad(router)+"180a1e05"+quad("0.0.0.0")), six), ""},
		{"pushed routes cut off", servers.ISC, `option cut code 121 = array of unsigned integer 8; authoritative; default-lease-time 600;
			subnet 10.20.0.0 netmask 255.255.255.0 { range 10.20.0.100 10.20.0.199; option subnet-mask 255.255.255.0;
				option routers 10.20.0.1; option domain-name-servers 10.20.0.1; option cut 16,10,30,10,20,0,1,24,10; }`, ""}, // Kea 2.6 sends nothing then
		{"an address of its own", servers.ISC, `authoritative; default-lease-time 600;
			subnet 10.20.0.0 netmask 255.255.255.0 { range 10.20.0.100 10.20.0.199;
				option subnet-mask 255.255.255.255; option routers 10.20.0.1; option domain-name-servers 10.20.0.1; }`, ""},
		{"a list of domains", servers.Kea, kea(three, six, keaOption(15, text("office.test")), keaOption(119, "066f66666963650474657374"+"00"+"036c6162"+"c000")), ""},
		{"a small MTU", servers.Kea, kea(three, six, keaOption(26, "0578")), ""},
		{"classful routes", servers.ISC, `authoritative; default-lease-time 600;
			subnet 10.20.0.0 netmask 255.255.255.0 { range 10.20.0.100 10.20.0.199;
				option routers 10.20.0.1; option static-routes 10.30.0.1 10.20.0.1; option domain-name "office.test"; }`, ""},
		{"the simplest server", servers.Udhcpd, "start 10.20.0.100\nend 10.20.0.199\noption subnet 255.255.255.0\noption router 10.20.0.1\noption dns 10.20.0.1\n", ""},
	}
	half := len(cases) / 2
	for name, part := range map[string][]cableCase{"one": cases[:half], "two": cases[half:]} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			w.ok(w.CableToOffice(cable))
			w.ok(w.Office.AddAddr("eth0", netip.MustParsePrefix(outside+"/32")))
			_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "add", "type", "ethernet", "con-name", cable, "ifname", cable, "autoconnect", "no", "ipv6.method", "disabled")
			w.ok(err)
			// NetworkManager makes a profile of its own for every new cable, and takes it whenever there is no other.
			_, err = w.Desktop.MustNMCLI(w.ctx, "device", "set", cable, "autoconnect", "no")
			w.ok(err)
			w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "ipv6.method", "disabled"))))
			for _, tc := range part {
				w.sameAsOnACable(tc)
			}
		})
	}
}

// sameAsOnACable lets both get a lease of one server, one after the other.
func (w *world) sameAsOnACable(tc cableCase) {
	w.t.Helper()
	if tc.program != "" {
		server := w.stranger(tc.program, tc.config)
		defer func() { w.ok(server.End(w.ctx)) }()
	}
	w.ok(w.Desktop.Up(w.ctx, cable))
	want := slices.DeleteFunc(w.settled(cable), func(line string) bool { return line == tc.but })
	_, err := w.Desktop.MustNMCLI(w.ctx, "device", "disconnect", cable)
	w.ok(err)
	w.eventually("the cable to be idle", 10*time.Second, func() error {
		addrs, err := w.Desktop.Addrs(cable)
		return is("its addresses", len(addrs), 0, err)
	})
	if err := w.Desktop.Up(w.ctx, "office"); err != nil {
		w.t.Errorf("%s: on the cable %v, in the tunnel %v", tc.name, want, err)
		return
	}
	got := w.settled(w.tap())
	if !slices.Contains(want, "0.0.0.0/1 via 10.20.0.1") { // a default route is told in halves as well, so that no base has a better one
		got = slices.DeleteFunc(got, func(line string) bool {
			return strings.HasPrefix(line, "0.0.0.0/1") || strings.HasPrefix(line, "128.0.0.0/1")
		})
	}
	w.down("office")
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (-cable +tunnel)\n%s", tc.name, diff)
	}
	w.t.Logf("%s: %s", tc.name, strings.Join(want, "; "))
}
