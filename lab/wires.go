// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

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
			l.Line, err = l.line("isp", l.Desktop.Host, b.Device, b.far)
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
	if err := l.Internet.plugInto(officeBridge, "to-office"); err != nil {
		return err
	}
	err := l.Office.address("eth0", netip.PrefixFrom(OfficeGateway, OfficeNet.Bits()), netip.PrefixFrom(OfficeDNS2, OfficeNet.Bits()),
		netip.PrefixFrom(netip.MustParseAddr("fd20::1"), 64))
	if err != nil {
		return err
	}
	return l.Office.address("lo", single(OfficeInner), single(EverywhereWeb))
}

// CableToOffice gives the desktop one more interface, whose cable leads into the office's network without any VPN.
func (l *Lab) CableToOffice(name string) error {
	far := "to-" + name
	if err := cable(l.Desktop.Host, name, l.Internet, far); err != nil {
		return err
	}
	return l.Internet.plugInto(officeBridge, far)
}

// SetCable plugs one of the desktop's two cables in at its far end, or pulls it there: the desktop sees the carrier go.
func (l *Lab) SetCable(n int, in bool) error {
	if n == 0 && l.Line != nil {
		return l.Line.Plug(in)
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

// line puts a computer of that name, which can make the line a bad one, between a host's device and an interface of the
// Internet.
func (l *Lab) line(name string, near *Host, device, far string) (*Line, error) {
	isp, err := newHost(l.dir, name, nil, nil)
	if err != nil {
		return nil, err
	}
	l.extra = append(l.extra, isp)
	return newLine(isp, near, device, l.Internet, far)
}
