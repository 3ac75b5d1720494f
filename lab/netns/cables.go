// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Forward makes the host a router.
func Forward(h *Host) error {
	for _, f := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
		if err := os.WriteFile("/proc/sys/net/"+f, []byte("1"), 0); err != nil {
			return err
		}
	}
	return nil
}

// Cable joins two hosts with a veth pair, both ends up.
func Cable(a *Host, aName string, b *Host, bName string) error {
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

// PlugInto makes an interface a port of a bridge of this host.
func (h *Host) PlugInto(bridgeName, name string) error {
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

// AddAddr gives an interface of the host more addresses.
func (h *Host) AddAddr(name string, prefixes ...netip.Prefix) error {
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
