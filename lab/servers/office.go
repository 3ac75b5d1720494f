// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// An Office is the network behind the hub OFFICE.
type Office struct {
	*netns.Host
	dir  string
	dhcp *netns.Process
}

// officeLimit bounds the start of each of the office's programs.
const officeLimit = 40 * time.Second

// DHCP is what the office's dnsmasq tells clients.
type DHCP struct {
	First, Last netip.Addr
	Lease       time.Duration // dnsmasq's minimum is two minutes
	T1, T2      time.Duration // 0 = dnsmasq's own choice
	Router      netip.Addr    // not valid = none
	DNS         []netip.Addr
	Domain      string   // option 15
	Search      []string // option 119
	Routes      []Route  // option 121, none = not sent
	// RA announces the IPv6 prefix of the office, the router and a DNS server.
	RA bool
	// Silent does not answer DHCP at all.
	Silent bool
}

// A Route is a classless static route of option 121.
type Route struct {
	Dst netip.Prefix
	Via netip.Addr
}

// OfficeDHCP is the office's usual configuration.
func OfficeDHCP() DHCP {
	return DHCP{
		First: netip.MustParseAddr("10.20.0.100"), Last: netip.MustParseAddr("10.20.0.199"), Lease: time.Hour,
		Router: plan.OfficeGateway, DNS: []netip.Addr{plan.OfficeGateway, plan.OfficeDNS2},
		Domain: "office.test", Search: []string{"office.test", "lab.office.test"},
		// Clients that get option 121 ignore option 3 (RFC 3442), so the default route is repeated.
		Routes: []Route{{netip.MustParsePrefix("0.0.0.0/0"), plan.OfficeGateway}, {plan.InnerNet, plan.OfficeGateway}},
	}
}

// NewOffice makes the office's computer; its files are below dir.
func NewOffice(dir string) (*Office, error) {
	h, err := netns.NewHost(dir, "office", []string{"/var/lib/misc"}, netns.Forward)
	if err != nil {
		return nil, err
	}
	return &Office{Host: h, dir: dir}, nil
}

// SetUp starts the office's servers with their usual configuration.
func (o *Office) SetUp(ctx context.Context) error {
	for _, addr := range []netip.Addr{plan.OfficeGateway, plan.OfficeInner, plan.EverywhereWeb} {
		if err := netns.ServeWhoAmI(o.Host, addr.String()+":80", "office"); err != nil {
			return err
		}
	}
	for _, addr := range []netip.Addr{plan.OfficeGateway, plan.OfficeInner, netip.MustParseAddr("fd20::1")} {
		if err := netns.ServeEcho(o.Host, addr); err != nil {
			return err
		}
	}
	if _, err := o.Host.Start("iperf3", netns.Command{Args: []string{"iperf3", "--server"}}); err != nil {
		return err
	}
	if err := o.Configure(ctx, OfficeDHCP()); err != nil {
		return err
	}
	return netns.Await(ctx, "the office's iperf3", officeLimit, func() error {
		c, err := o.DialContext(ctx, "tcp", plan.OfficeGateway.String()+":5201")
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// Configure restarts dnsmasq with another configuration. Leases that it has given stay valid.
func (o *Office) Configure(ctx context.Context, c DHCP) error {
	ctx, cancel := context.WithTimeout(ctx, officeLimit)
	defer cancel()
	if o.dhcp != nil {
		if err := o.dhcp.Stop(ctx, syscall.SIGTERM); err != nil {
			return err
		}
	}
	file := o.Path("/dnsmasq.conf")
	if err := os.WriteFile(file, []byte(c.config()), 0o644); err != nil {
		return err
	}
	var err error
	o.dhcp, err = o.Start("dnsmasq", netns.Command{Args: []string{"dnsmasq", "--keep-in-foreground", "--conf-file=" + file}})
	if err != nil {
		return err
	}
	return netns.Await(ctx, "the office's DNS server", officeLimit, func() error {
		if err := o.dhcp.Running(); err != nil {
			return err
		}
		conn, err := o.DialContext(ctx, "tcp", plan.OfficeGateway.String()+":53")
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// Log returns the last lines of dnsmasq's log, DHCP messages included.
func (o *Office) Log(n int) string { return o.dhcp.Tail(n) }

// config returns the configuration in dnsmasq's syntax.
func (c DHCP) config() string {
	lines := []string{
		"no-resolv", "no-hosts", "bind-dynamic", "user=root", "pid-file=", "log-facility=-", "log-dhcp",
		"interface=eth0", "no-ping", "local=/test/", "local-ttl=1",
		"host-record=intranet.office.test," + plan.OfficeGateway.String(),
		"host-record=wiki.lab.office.test," + plan.OfficeInner.String(),
	}
	lines = append(lines, plan.PublicNames()...)
	option := func(number int, values ...string) {
		lines = append(lines, fmt.Sprintf("dhcp-option=%d,%s", number, strings.Join(values, ",")))
	}
	if !c.Silent {
		lines = append(lines, "dhcp-authoritative", fmt.Sprintf("dhcp-range=%v,%v,255.255.255.0,%d", c.First, c.Last, int(c.Lease.Seconds())))
		if c.Router.IsValid() {
			option(3, c.Router.String())
		} else {
			lines = append(lines, "dhcp-option=3") // without a value: do not send the default
		}
		if len(c.DNS) > 0 {
			option(6, stringsOf(c.DNS)...)
		}
		if c.Domain != "" {
			option(15, c.Domain)
		}
		if len(c.Search) > 0 {
			option(119, c.Search...)
		}
		if len(c.Routes) > 0 {
			var parts []string
			for _, r := range c.Routes {
				parts = append(parts, r.Dst.String(), r.Via.String())
			}
			option(121, parts...)
		}
		if c.T1 > 0 {
			option(58, fmt.Sprint(int(c.T1.Seconds())))
		}
		if c.T2 > 0 {
			option(59, fmt.Sprint(int(c.T2.Seconds())))
		}
	}
	if c.RA {
		lines = append(lines, "enable-ra", "dhcp-range=fd20::,ra-only,64,600", "ra-param=eth0,10,600",
			"dhcp-option=option6:dns-server,[fd20::1]", "dhcp-option=option6:domain-search,six.office.test")
	}
	return strings.Join(append(lines, ""), "\n")
}

func stringsOf(addrs []netip.Addr) []string {
	return slices.Collect(func(yield func(string) bool) {
		for _, a := range addrs {
			if !yield(a.String()) {
				return
			}
		}
	})
}
