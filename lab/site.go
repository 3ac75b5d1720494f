// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/softether"
)

// A Site is one more network of the office behind a hub of its own, so that a second VPN leads somewhere else
// than the first. Nobody answers DHCP there. Packets for it that reach the Internet in the clear lead
// nowhere.
type Site struct {
	Hub    string
	Inner  netip.Addr   // of the office; it echoes what comes to port 7
	Client netip.Prefix // what a client may take for itself
	// The same over IPv6.
	Inner6  netip.Addr
	Client6 netip.Prefix
}

// NewSite adds the site of that number, up to 9.
func (l *Lab) NewSite(ctx context.Context, number int) (*Site, error) {
	s := &Site{
		Hub: fmt.Sprintf("SITE%d", number), Inner: netip.AddrFrom4([4]byte{10, 50, byte(number), 1}),
		Client: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 50, byte(number), 2}), 24),
	}
	s.Inner6 = netip.AddrFrom16([16]byte{0: 0xfd, 1: 0x50, 7: byte(number), 15: 1})
	s.Client6 = netip.PrefixFrom(s.Inner6.Next(), 64)
	name := fmt.Sprintf("site%d", number)
	bridge, port, tap := "br-"+name, "to-"+name, "tap_"+name
	if _, err := l.Internet.Must(ctx, "ip", "link", "add", bridge, "up", "type", "bridge"); err != nil {
		return nil, err
	}
	if err := netns.Cable(l.Office.Host, name, l.Internet, port); err != nil {
		return nil, err
	}
	err := errors.Join(l.Internet.PlugInto(bridge, port), l.Office.AddAddr(name, netip.PrefixFrom(s.Inner, s.Client.Bits()), netip.PrefixFrom(s.Inner6, s.Client6.Bits())),
		netns.ServeEcho(l.Office.Host, s.Inner), netns.ServeEcho(l.Office.Host, s.Inner6), l.Server.WatchTAP(tap, bridge))
	if err != nil {
		return nil, err
	}
	_, err = l.Server.Admin(ctx, fmt.Sprintf("HubCreate %[1]s /PASSWORD:hubpw\nHub %[1]s\nUserCreate %[2]s /GROUP:none /REALNAME:none /NOTE:none\n"+
		"UserPasswordSet %[2]s /PASSWORD:%[3]s\nBridgeCreate %[1]s /DEVICE:%[4]s /TAP:yes\nFlush", s.Hub, softether.Alice.Name, softether.Alice.Password, name))
	if err != nil {
		return nil, err
	}
	return s, netns.Await(ctx, "the TAP of hub "+s.Hub, patience, func() error { return l.Server.Host.PlugInto(bridge, tap) })
}
