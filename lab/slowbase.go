// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net/netip"
)

// AddSlowBase plugs the third cable in, which leads through a Line, and makes its profile, which is not up. It may be
// called once.
func (l *Lab) AddSlowBase(ctx context.Context) (*Line, error) {
	b := SlowBase
	line, err := l.line("isp3", l.Desktop.Host, b.Device, b.far)
	if err != nil {
		return nil, err
	}
	if err := l.Internet.address(b.far, netip.PrefixFrom(b.Router, b.addrBits), netip.PrefixFrom(b.Router6, b.v6Prefix)); err != nil {
		return nil, err
	}
	_, err = l.Desktop.MustNMCLI(ctx, "connection", "add", "type", "ethernet", "ifname", b.Device, "con-name", b.Profile, "autoconnect", "no",
		"ipv4.method", "manual", "ipv4.addresses", fmt.Sprintf("%v/%d", b.Address, b.addrBits), "ipv4.gateway", b.Router.String(), "ipv4.dns", b.Router.String(),
		"ipv6.method", "manual", "ipv6.addresses", fmt.Sprintf("%v/%d", b.Address6, b.v6Prefix), "ipv6.gateway", b.Router6.String(), "ipv6.addr-gen-mode", "eui64")
	return line, err
}

// Vanish has all that passes a base's cable be lost from now on, without a word and with carrier, as when the way behind
// the router is gone. What is sent is dropped where it arrives: a sender would hear of what is dropped sooner.
func (l *Lab) Vanish(ctx context.Context, b Base) error {
	for h, device := range map[*Host]string{l.Internet: b.far, l.Desktop.Host: b.Device} {
		_, err := h.Must(ctx, "nft", fmt.Sprintf(`table netdev vanish { chain in { type filter hook ingress device %q priority 0; policy drop; }; }`, device))
		if err != nil {
			return err
		}
	}
	return nil
}
