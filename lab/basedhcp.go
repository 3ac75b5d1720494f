// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// BaseByDHCP makes the second base connection one that gets its address by DHCP from a server at its far end,
// in the subnet of router, which is the far end's own address there. more are lines in dnsmasq's syntax; also
// lists hosts in that subnet that the far end answers for. Leases are renewed every few seconds.
func (l *Lab) BaseByDHCP(ctx context.Context, router netip.Prefix, also []netip.Addr, more ...string) (*netns.Process, error) {
	b := plan.Bases[1]
	addresses := []netip.Prefix{router}
	for _, a := range also {
		addresses = append(addresses, plan.Single(a))
	}
	if router.Addr() != b.Router {
		if err := l.Internet.AddAddr(b.Far, addresses...); err != nil {
			return nil, err
		}
	}
	net := router.Masked().Addr().As4()
	at := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{net[0], net[1], net[2], n}) }
	conf := append([]string{
		"port=0", "bind-dynamic", "user=root", "pid-file=", "log-facility=-", "log-dhcp", "no-ping",
		"dhcp-authoritative", "interface=" + b.Far, "except-interface=lo", "dhcp-leasefile=" + l.Internet.Path("/base.leases"),
		fmt.Sprintf("dhcp-range=%v,%v,255.255.255.0,120", at(100), at(120)), "dhcp-option=58,3", "dhcp-option=59,60",
		fmt.Sprintf("dhcp-option=3,%v", router.Addr()), fmt.Sprintf("dhcp-option=6,%v", router.Addr()),
	}, more...)
	file := l.Internet.Path("/dnsmasq-base.conf")
	if err := os.WriteFile(file, []byte(strings.Join(append(conf, ""), "\n")), 0o644); err != nil {
		return nil, err
	}
	p, err := l.Internet.Start("dnsmasq-base", netns.Command{Args: []string{"dnsmasq", "--keep-in-foreground", "--conf-file=" + file}})
	if err != nil {
		return nil, err
	}
	_, err = l.Desktop.MustNMCLI(ctx, "connection", "modify", b.Profile, "ipv4.method", "auto", "ipv4.gateway", "", "ipv4.addresses", "", "ipv4.dns", "")
	return p, err
}
