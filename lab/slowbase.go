// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net/netip"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// AddSlowBase plugs in the third cable, which leads through a Line, and adds its profile without activating
// it. It may be called once.
func (l *Lab) AddSlowBase(ctx context.Context) (*netns.Line, error) {
	b := plan.SlowBase
	line, err := l.line("isp3", l.Desktop.Host, b.Device, b.Far)
	if err != nil {
		return nil, err
	}
	if err := l.Internet.AddAddr(b.Far, netip.PrefixFrom(b.Router, b.V4Bits), netip.PrefixFrom(b.Router6, b.V6Bits)); err != nil {
		return nil, err
	}
	_, err = l.Desktop.MustNMCLI(ctx, "connection", "add", "type", "ethernet", "ifname", b.Device, "con-name", b.Profile, "autoconnect", "no",
		"ipv4.method", "manual", "ipv4.addresses", fmt.Sprintf("%v/%d", b.Address, b.V4Bits), "ipv4.gateway", b.Router.String(), "ipv4.dns", b.Router.String(),
		"ipv6.method", "manual", "ipv6.addresses", fmt.Sprintf("%v/%d", b.Address6, b.V6Bits), "ipv6.gateway", b.Router6.String(), "ipv6.addr-gen-mode", "eui64")
	return line, err
}

// Vanish silently drops everything that passes a base's cable from now on, with the carrier still up, as if
// the path beyond the router had failed. Packets are dropped on arrival, as a sender would notice a drop on
// its own side.
func (l *Lab) Vanish(ctx context.Context, b plan.Base) error {
	for h, device := range map[*netns.Host]string{l.Internet: b.Far, l.Desktop.Host: b.Device} {
		_, err := h.Must(ctx, "nft", fmt.Sprintf(`table netdev vanish { chain in { type filter hook ingress device %q priority 0; policy drop; }; }`, device))
		if err != nil {
			return err
		}
	}
	return nil
}

// Reappear ends that.
func (l *Lab) Reappear(ctx context.Context) error {
	for _, h := range []*netns.Host{l.Internet, l.Desktop.Host} {
		if _, err := h.Must(ctx, "nft", "delete table netdev vanish"); err != nil {
			return err
		}
	}
	return nil
}
