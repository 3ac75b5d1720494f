// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/protocol/rudp/rudptest"
)

// NATs are the path between desktop and VPN server when each is behind a NAT, as at home and in a small
// office: packets leave with the NAT's address, and whatever nobody inside has asked for is silently dropped.
// The exchange between the two forwards everything, and has the rendezvous server.
//
//	desktop base0 -- lan0 [home] wan0 -- home0 [exchange] site0 -- wan0 [site] lan0 -- wan0 internet
type NATs struct {
	Home, Exchange, Site *netns.Host
	lab                  *Lab
}

// newNATs builds the way, in the place of the first base connection.
func (l *Lab) newNATs(b plan.Base) (*NATs, error) {
	n := &NATs{lab: l}
	var err error
	for _, h := range []struct {
		at   **netns.Host
		name string
	}{{&n.Home, "home"}, {&n.Exchange, "exchange"}, {&n.Site, "site"}} {
		if *h.at, err = netns.NewHost(l.dir, h.name, nil, netns.Forward); err != nil {
			return nil, err
		}
		l.extra = append(l.extra, *h.at)
	}
	inner := netip.MustParsePrefix("10.84.0.1/24") // the VPN server is .2
	err = errors.Join(
		netns.Cable(l.Desktop.Host, b.Device, n.Home, "lan0"), netns.Cable(n.Home, "wan0", n.Exchange, "home0"),
		netns.Cable(n.Site, "wan0", n.Exchange, "site0"), netns.Cable(l.Internet, b.Far, n.Site, "lan0"))
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		n.Home.AddAddr("lan0", netip.PrefixFrom(b.Router, b.V4Bits)), n.Home.AddAddr("wan0", netip.PrefixFrom(plan.HomeAddr, 30)),
		n.Exchange.AddAddr("home0", netip.PrefixFrom(plan.HomeAddr.Prev(), 30)), n.Exchange.AddAddr("site0", netip.PrefixFrom(plan.SiteAddr.Prev(), 30)),
		n.Exchange.AddAddr("lo", plan.Single(plan.RendezvousAddr)),
		n.Site.AddAddr("wan0", netip.PrefixFrom(plan.SiteAddr, 30)), n.Site.AddAddr("lan0", inner),
		l.Internet.AddAddr(b.Far, netip.PrefixFrom(inner.Addr().Next(), inner.Bits())))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	for h, router := range map[*netns.Host]netip.Addr{n.Home: plan.HomeAddr.Prev(), n.Site: plan.SiteAddr.Prev(), l.Internet: inner.Addr()} {
		if _, err := h.Must(ctx, "ip", "route", "add", "default", "via", router.String()); err != nil {
			return nil, err
		}
	}
	for _, h := range []*netns.Host{n.Home, n.Site} {
		if _, err := h.Must(ctx, "nft", masquerade); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(n.Home.Path("/"), 0o755); err != nil {
		return nil, err
	}
	conf := append([]string{"no-resolv", "no-hosts", "bind-dynamic", "user=root", "pid-file=", "log-facility=-", "interface=lan0"}, plan.PublicNames()...)
	_, err = n.Home.StartDnsmasq("dnsmasq-home", strings.Join(append(conf, ""), "\n"))
	return n, err
}

// masquerade is the NAT. Unsolicited packets from outside are dropped before they can leave a trace: an entry
// of their own in the table would take the port away from the packet that is about to open the path.
const masquerade = `
table ip nat {
	chain leaving { type nat hook postrouting priority 100; oifname "wan0" masquerade; }
}
table inet unasked {
	chain input { type filter hook input priority 0; iifname "wan0" ct state established,related accept; iifname "wan0" drop; }
	chain forward { type filter hook forward priority 0; policy drop; iifname "lan0" accept; ct state established,related accept; }
}`

// Rendezvous starts a stand-in for SoftEther's public rendezvous servers and has the VPN server register there.
func (n *NATs) Rendezvous(ctx context.Context) (*rudptest.Rendezvous, error) {
	r := &rudptest.Rendezvous{}
	if err := n.Exchange.Do(func() error { return r.Listen(netip.AddrPortFrom(plan.RendezvousAddr, 5004)) }); err != nil {
		return nil, err
	}
	n.Exchange.OnClose(func() { _ = r.Close() })
	if err := n.lab.Server.WithNATTraversal(ctx); err != nil {
		return nil, err
	}
	return r, netns.Await(ctx, "the VPN server to register", patience, func() error {
		s := r.Registered()
		if len(s) != 1 || s[0].Public.Addr() != plan.SiteAddr {
			return fmt.Errorf("registered are %v", s)
		}
		return nil
	})
}

// Forget makes the desktop's NAT lose its table, as a restart does, and give the present flows other ports
// than before. New flows are not affected.
func (n *NATs) Forget(ctx context.Context) error {
	rule := func(ports string) error {
		_, err := n.Home.Must(ctx, "nft", `flush chain ip nat leaving; add rule ip nat leaving oifname "wan0" masquerade `+ports)
		return err
	}
	if err := rule("random"); err != nil {
		return err
	}
	if err := n.Home.Net.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
		return fmt.Errorf("flushing the NAT's table: %w", err)
	}
	err := netns.Await(ctx, "a packet of the desktop to the VPN server", patience, func() error {
		flows, err := n.Home.Net.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
		if err != nil {
			return err
		}
		for _, f := range flows {
			if f.Forward.Protocol == unix.IPPROTO_UDP && f.Forward.DstIP.Equal(plan.SiteAddr.AsSlice()) {
				return nil
			}
		}
		return errors.New("none is in the NAT's table")
	})
	return errors.Join(err, rule(""))
}
