// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The addresses of the lab. 203.0.113.0/24, 198.51.100.0/24 and 2001:db8::/32 are for documentation (RFC 5737, 3849).
var (
	ServerAddr    = netip.MustParseAddr("203.0.113.10")
	ServerAddr6   = netip.MustParseAddr("2001:db8:113::10")
	EverywhereWeb = netip.MustParseAddr("198.51.100.7") // on the Internet and in the office
	OfficeGateway = netip.MustParseAddr("10.20.0.1")
	OfficeDNS2    = netip.MustParseAddr("10.20.0.2")
	OfficeInner   = netip.MustParseAddr("10.30.0.1") // behind the office, reached by a pushed route
	OfficeNet     = netip.MustParsePrefix("10.20.0.0/24")
	OfficeNet6    = netip.MustParsePrefix("fd20::/64")
	InnerNet      = netip.MustParsePrefix("10.30.0.0/16")
	NATGateway    = netip.MustParseAddr("192.168.30.1") // SoftEther's SecureNAT
	NATNet        = netip.MustParsePrefix("192.168.30.0/24")
)

// The VPN server's names in the lab's DNS.
const (
	ServerName      = "vpn.lab.test"       // with an IPv4 and an IPv6 address
	ServerName4     = "vpn4.lab.test"      // only IPv4
	ServerName6     = "vpn6.lab.test"      // only IPv6
	MovedServerName = "vpn-moved.lab.test" // two of its three addresses lead nowhere
)

// A Base is one of the desktop's two connections to the Internet.
type Base struct {
	Device, Profile    string
	Address, Router    netip.Addr
	Address6, Router6  netip.Addr
	far                string // the interface at the Internet's end
	addrBits, v6Prefix int
}

// Bases are the desktop's two cables. Both are plugged in; NetworkManager uses the first until told otherwise.
var Bases = [2]Base{
	{
		Device: "base0", Profile: "base-a", Address: netip.MustParseAddr("10.81.0.2"), Router: netip.MustParseAddr("10.81.0.1"),
		Address6: netip.MustParseAddr("fd81::2"), Router6: netip.MustParseAddr("fd81::1"), far: "wan0", addrBits: 24, v6Prefix: 64,
	},
	{
		Device: "base1", Profile: "base-b", Address: netip.MustParseAddr("10.82.0.2"), Router: netip.MustParseAddr("10.82.0.1"),
		Address6: netip.MustParseAddr("fd82::2"), Router6: netip.MustParseAddr("fd82::1"), far: "wan1", addrBits: 24, v6Prefix: 64,
	},
}

// officeBridge is the switch on the VPN server's host that joins the hub's TAP and the cable to the office.
const officeBridge = "br-office"

func (l *Lab) wire() error {
	for i, b := range Bases {
		var err error
		if i == 0 && l.opts.BehindNATs {
			if l.NATs, err = l.newNATs(b); err != nil {
				return err
			}
			continue
		}
		if i == 0 && l.opts.Impaired {
			l.Line, err = l.newLine("isp", l.Desktop.Host, b.Device, b.far)
		} else {
			err = cable(l.Desktop.Host, b.Device, l.Internet, b.far)
		}
		if err != nil {
			return err
		}
		err = l.Internet.address(b.far, netip.PrefixFrom(b.Router, b.addrBits), netip.PrefixFrom(b.Router6, b.v6Prefix))
		if err != nil {
			return err
		}
	}
	if err := l.Internet.address("lo", single(ServerAddr), single(ServerAddr6), single(EverywhereWeb)); err != nil {
		return err
	}
	if err := cable(l.Office.Host, "eth0", l.Internet, "to-office"); err != nil {
		return err
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: officeBridge}}
	if err := l.Internet.Net.LinkAdd(bridge); err != nil {
		return fmt.Errorf("making bridge %s: %w", officeBridge, err)
	}
	if err := l.Internet.Net.LinkSetUp(bridge); err != nil {
		return err
	}
	if err := l.Internet.plug("to-office"); err != nil {
		return err
	}
	err := l.Office.address("eth0", netip.PrefixFrom(OfficeGateway, OfficeNet.Bits()), netip.PrefixFrom(OfficeDNS2, OfficeNet.Bits()),
		netip.PrefixFrom(netip.MustParseAddr("fd20::1"), 64))
	if err != nil {
		return err
	}
	return l.Office.address("lo", single(OfficeInner), single(EverywhereWeb))
}

// forward makes the host a router.
func forward(h *Host) error {
	for _, f := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
		if err := os.WriteFile("/proc/sys/net/"+f, []byte("1"), 0); err != nil {
			return err
		}
	}
	return nil
}

// cable joins two hosts with a veth pair, both ends up.
func cable(a *Host, aName string, b *Host, bName string) error {
	pair := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: aName}, PeerName: bName,
		PeerNamespace: netlink.NsFd(int(b.net.Fd())),
	}
	if err := a.Net.LinkAdd(pair); err != nil {
		return fmt.Errorf("cable %s-%s: %w", aName, bName, err)
	}
	if err := a.SetLink(aName, true); err != nil {
		return err
	}
	return b.SetLink(bName, true)
}

// CableToOffice gives the desktop one more interface, whose cable leads into the office's network without any VPN.
func (l *Lab) CableToOffice(name string) error {
	far := "to-" + name
	if err := cable(l.Desktop.Host, name, l.Internet, far); err != nil {
		return err
	}
	return l.Internet.plug(far)
}

// SetLink sets one of the host's interfaces up or down, as pulling its cable would.
func (h *Host) SetLink(name string, up bool) error {
	link, err := h.Net.LinkByName(name)
	if err != nil {
		return fmt.Errorf("interface %s on %s: %w", name, h.Name, err)
	}
	if up {
		return h.Net.LinkSetUp(link)
	}
	return h.Net.LinkSetDown(link)
}

// SetCable plugs one of the desktop's two cables in at its far end, or pulls it there: the desktop sees the carrier go.
func (l *Lab) SetCable(n int, in bool) error {
	if n == 0 && l.Line != nil {
		return l.Line.isp.SetLink(lineNear, in)
	}
	b := Bases[n]
	if err := l.Internet.SetLink(b.far, in); err != nil || !in {
		return err
	}
	// An interface that goes down loses its IPv6 addresses.
	err := l.Internet.address(b.far, netip.PrefixFrom(b.Router6, b.v6Prefix))
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// plug makes an interface a port of the office bridge.
func (h *Host) plug(name string) error { return h.plugInto(officeBridge, name) }

// plugInto makes an interface a port of a bridge of this host.
func (h *Host) plugInto(bridgeName, name string) error {
	bridge, err := h.Net.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	link, err := h.Net.LinkByName(name)
	if err != nil {
		return err
	}
	if link.Attrs().MasterIndex == bridge.Attrs().Index {
		return nil
	}
	if err := h.Net.LinkSetMaster(link, bridge); err != nil {
		return fmt.Errorf("plugging %s into %s: %w", name, bridgeName, err)
	}
	return h.Net.LinkSetUp(link)
}

func (h *Host) address(name string, prefixes ...netip.Prefix) error {
	link, err := h.Net.LinkByName(name)
	if err != nil {
		return fmt.Errorf("interface %s on %s: %w", name, h.Name, err)
	}
	for _, p := range prefixes {
		addr := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
		if p.Addr().Is6() {
			addr.Flags = unix.IFA_F_NODAD // usable at once: the servers of the lab bind to it
		}
		if err := h.Net.AddrAdd(link, addr); err != nil {
			return fmt.Errorf("address %v on %s of %s: %w", p, name, h.Name, err)
		}
	}
	return nil
}

// AddAddr gives an interface of the host one more address.
func (h *Host) AddAddr(name string, p netip.Prefix) error { return h.address(name, p) }

func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }
