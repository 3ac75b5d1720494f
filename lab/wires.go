// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

func (l *Lab) wire() error {
	for i, b := range plan.Bases {
		var err error
		if i == 0 && l.opts.BehindNATs {
			if l.NATs, err = l.newNATs(b); err != nil {
				return err
			}
			continue
		}
		if i == 0 && l.opts.Impaired {
			l.Line, err = l.line("isp", l.Desktop.Host, b.Device, b.Far)
		} else {
			err = netns.Cable(l.Desktop.Host, b.Device, l.Internet, b.Far)
		}
		if err != nil {
			return err
		}
		err = l.Internet.AddAddr(b.Far, netip.PrefixFrom(b.Router, b.V4Bits), netip.PrefixFrom(b.Router6, b.V6Bits))
		if err != nil {
			return err
		}
	}
	if err := l.Internet.AddAddr("lo", plan.Single(plan.ServerAddr), plan.Single(plan.ServerAddr6), plan.Single(plan.EverywhereWeb)); err != nil {
		return err
	}
	if err := netns.Cable(l.Office.Host, "eth0", l.Internet, "to-office"); err != nil {
		return err
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: plan.OfficeBridge}}
	if err := l.Internet.Net.LinkAdd(bridge); err != nil {
		return fmt.Errorf("making bridge %s: %w", plan.OfficeBridge, err)
	}
	if err := l.Internet.Net.LinkSetUp(bridge); err != nil {
		return err
	}
	if err := l.Internet.PlugInto(plan.OfficeBridge, "to-office"); err != nil {
		return err
	}
	err := l.Office.AddAddr("eth0", netip.PrefixFrom(plan.OfficeGateway, plan.OfficeNet.Bits()), netip.PrefixFrom(plan.OfficeDNS2, plan.OfficeNet.Bits()),
		netip.PrefixFrom(netip.MustParseAddr("fd20::1"), 64))
	if err != nil {
		return err
	}
	return l.Office.AddAddr("lo", plan.Single(plan.OfficeInner), plan.Single(plan.EverywhereWeb))
}

// CableToOffice gives the desktop one more interface, whose cable leads directly into the office's network,
// without any VPN.
func (l *Lab) CableToOffice(name string) error {
	far := "to-" + name
	if err := netns.Cable(l.Desktop.Host, name, l.Internet, far); err != nil {
		return err
	}
	return l.Internet.PlugInto(plan.OfficeBridge, far)
}

// SetCable plugs in one of the desktop's two cables at its far end, or pulls it there: the desktop sees the
// carrier change.
func (l *Lab) SetCable(n int, in bool) error {
	if n == 0 && l.Line != nil {
		return l.Line.Plug(in)
	}
	b := plan.Bases[n]
	if err := l.Internet.SetLink(b.Far, in); err != nil || !in {
		return err
	}
	// An interface that goes down loses its IPv6 addresses.
	err := l.Internet.AddAddr(b.Far, netip.PrefixFrom(b.Router6, b.V6Bits))
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// line puts a computer of that name, which can impair the line, between a host's device and an interface of
// the Internet.
func (l *Lab) line(name string, near *netns.Host, device, far string) (*netns.Line, error) {
	isp, err := netns.NewHost(l.dir, name, nil, nil)
	if err != nil {
		return nil, err
	}
	l.extra = append(l.extra, isp)
	return netns.NewLine(isp, near, device, l.Internet, far)
}
