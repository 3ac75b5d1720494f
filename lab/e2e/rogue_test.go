// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/ndp"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

var rogueMAC = [6]byte{2, 0, 0, 0, 0, 0x66}

// advertises sends, from another host in the office's network, that it is the best router, and has the name server.
func (w *world) advertises(router, dns netip.Addr) {
	w.t.Helper()
	body, err := ndp.MarshalMessage(&ndp.RouterAdvertisement{
		CurrentHopLimit: 64, RouterLifetime: time.Hour, RouterSelectionPreference: ndp.High,
		Options: []ndp.Option{
			&ndp.PrefixInformation{
				PrefixLength: 64, OnLink: true, AutonomousAddressConfiguration: true, ValidLifetime: time.Hour,
				PreferredLifetime: time.Hour, Prefix: netip.MustParseAddr("2001:db8:66::"),
			},
			&ndp.RecursiveDNSServer{Lifetime: time.Hour, Servers: []netip.Addr{dns}},
		},
	})
	w.ok(err)
	f := make([]byte, 54, 54+len(body))
	copy(f, []byte{0x33, 0x33, 0, 0, 0, 1})
	copy(f[6:], rogueMAC[:])
	binary.BigEndian.PutUint16(f[12:], unix.ETH_P_IPV6)
	f[14] = 0x60
	binary.BigEndian.PutUint16(f[18:], uint16(len(body)))
	f[20], f[21] = unix.IPPROTO_ICMPV6, 255
	copy(f[22:], router.AsSlice())
	copy(f[38:], netip.MustParseAddr("ff02::1").AsSlice())
	f = append(f, body...)
	putTransportSum(f, 14, 54, unix.IPPROTO_ICMPV6)
	link, err := w.Office.Net.LinkByName("eth0")
	w.ok(err)
	w.ok(w.Office.Do(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, f, 0, &unix.SockaddrLinklayer{Ifindex: link.Attrs().Index})
	}))
}

func TestARogueRouterInARunningVPNGetsNothing(t *testing.T) {
	t.Parallel()
	rogue, dns := netip.MustParseAddr("fe80::66"), netip.MustParseAddr("2001:db8:66::53")
	for name, more := range map[string][]string{"full tunnel": nil, "split tunnel": {"ipv4.never-default", "yes"}} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			six := servers.OfficeDHCP()
			six.RA = true
			w.office(six)
			time.Sleep(time.Second) // dnsmasq begins to answer router solicitations a moment after its start
			w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, more...)))
			w.eventually("the office's IPv6", 20*time.Second, func() error {
				dev, err := w.Desktop.RouteTo(netip.MustParseAddr("fd20::1"))
				return is("the way to the office", dev, w.tap(), err)
			})
			time.Sleep(5 * time.Second) // whoever answers now was not there at first
			before, err := w.Desktop.Routes()
			w.ok(err)
			mark := w.Desktop.NMLogMark()
			w.advertises(rogue, dns)
			w.eventually("a warning", 20*time.Second, func() error {
				return is("whether the log names the rogue", strings.Contains(w.Desktop.VPNLog(mark), "02:00:00:00:00:66"), true, nil)
			})
			time.Sleep(2 * time.Second) // changes are told at most once a second
			after, err := w.Desktop.Routes()
			w.ok(err)
			if !slices.Equal(before, after) {
				t.Errorf("routes were\n%s\nand are\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
			list, err := w.Desktop.VPNDNS()
			w.ok(err)
			for _, e := range list {
				if slices.Contains(e.Servers, dns) {
					t.Errorf("the rogue's name server is asked: %v", list)
				}
			}
			w.down("office")
		})
	}
}
