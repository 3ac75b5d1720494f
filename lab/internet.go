// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

func (l *Lab) newInternet() (err error) {
	// softether-vpnserver has its directories compiled in (softether-protocol.md 16).
	l.Internet, err = netns.NewHost(l.dir, "internet", []string{"/var/lib", "/var/log", "/run/softether"}, func(h *netns.Host) error {
		if err := h.PrivateEtc(); err != nil {
			return err
		}
		if err := os.WriteFile("/etc/resolv.conf", []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
			return err
		}
		return netns.Forward(h)
	})
	if err == nil {
		l.Server, l.Proxies = softether.NewServer(l.Internet, l.dir), servers.NewProxies(l.Internet)
	}
	return err
}

// internetServices starts what the Internet offers besides the VPN server: a name server and a web page that
// says who asks.
func (l *Lab) internetServices() error {
	if err := netns.ServeWhoAmI(l.Internet, plan.EverywhereWeb.String()+":80", "internet"); err != nil {
		return err
	}
	conf := append([]string{"no-resolv", "no-hosts", "bind-dynamic", "user=root", "pid-file=", "log-facility=-", "local=/test/"}, plan.PublicNames()...)
	conf = append(conf, "addn-hosts="+l.Internet.Path(movingNames), "")
	if err := os.WriteFile(l.Internet.Path(movingNames), nil, 0o644); err != nil {
		return err
	}
	var err error
	l.internetDNS, err = l.Internet.StartDnsmasq("dnsmasq-internet", strings.Join(conf, "\n"))
	return err
}

// MoveName gives a name another address at the Internet's name server, or creates it.
func (l *Lab) MoveName(name string, addr netip.Addr) error {
	if err := os.WriteFile(l.Internet.Path(movingNames), []byte(fmt.Sprintf("%v %s\n", addr, name)), 0o644); err != nil {
		return err
	}
	return syscall.Kill(l.internetDNS.PID(), syscall.SIGHUP)
}

// movingNames is the file with the names that MoveName moves.
const movingNames = "/etc/moving-names"

// VPNConnections lists the established TCP connections to the VPN server, as the server sees them, by the
// port of their other end.
func (l *Lab) VPNConnections(ctx context.Context) ([]string, error) {
	return l.Server.Connections(ctx, plan.ServerAddr, plan.ServerAddr6)
}

// VPNBytes returns how many bytes the VPN server has received over each of the connections that
// VPNConnections lists.
func (l *Lab) VPNBytes(ctx context.Context) (map[string]uint64, error) {
	out, err := l.Server.Host.Must(ctx, "ss", "--tcp", "--numeric", "--no-header", "--info", "--oneline", "state", "established", "src", plan.ServerAddr.String(), "sport", "=", ":443")
	if err != nil {
		return nil, err
	}
	bytes := make(map[string]uint64)
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		_, port, _ := net.SplitHostPort(f[3])
		for _, word := range f[4:] {
			if n, ok := strings.CutPrefix(word, "bytes_received:"); ok {
				if bytes[port], err = strconv.ParseUint(n, 10, 64); err != nil {
					return nil, err
				}
			}
		}
	}
	return bytes, nil
}
