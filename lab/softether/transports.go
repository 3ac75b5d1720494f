// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/protocol/rudp"
	"network-manager-softether/protocol/rudp/rudptest"
)

// AnswerAsItself makes the host's answers over UDP and ICMP come from ServerAddr: vpnserver leaves the source
// address to the kernel, and the kernel to the routes, which the link to the desktop loses with its carrier.
func (s *Server) AnswerAsItself(ctx context.Context) error {
	out, err := s.Host.Must(ctx, "ip", "-4", "route", "show", "proto", "kernel")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		f := strings.Fields(line) // 10.81.0.0/24 dev wan0 scope link src 10.81.0.1
		if len(f) < 3 || !strings.HasPrefix(f[2], "wan") {
			continue
		}
		if _, err := s.Host.Must(ctx, "ip", "route", "replace", f[0], "dev", f[2], "proto", "kernel", "scope", "link",
			"src", plan.ServerAddr.String()); err != nil {
			return err
		}
	}
	return nil
}

// OverICMP makes the server also listen for VPN over ICMP.
func (s *Server) OverICMP(ctx context.Context) error {
	if err := s.AnswerAsItself(ctx); err != nil {
		return err
	}
	_, err := s.Admin(ctx, "VpnOverIcmpDnsEnable /ICMP:yes /DNS:no\nFlush")
	return err
}

// OverDNS makes the server also listen for VPN over DNS. The Internet's name server, which has that port, is
// ended: from then on, only addresses can be used.
func (s *Server) OverDNS(ctx context.Context) error {
	out, err := s.Host.Must(ctx, "ss", "-Hlunp", "sport", "=", ":53")
	if err != nil {
		return err
	}
	pid := regexp.MustCompile(`"dnsmasq",pid=(\d+)`).FindStringSubmatch(out)
	if pid == nil {
		return fmt.Errorf("no name server among %q", out)
	}
	n, err := strconv.Atoi(pid[1])
	if err != nil {
		return err
	}
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		return err
	}
	if err := netns.Await(ctx, "the name server's end", serverLimit, func() error {
		if procfs.Alive(n) {
			return fmt.Errorf("process %d still runs", n)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := s.AnswerAsItself(ctx); err != nil {
		return err
	}
	_, err = s.Admin(ctx, "VpnOverIcmpDnsEnable /ICMP:no /DNS:yes\nFlush")
	return err
}

// WithNATTraversal restarts the server with NAT traversal, which makes it listen for R-UDP and look for the
// rendezvous server.
func (s *Server) WithNATTraversal(ctx context.Context) error {
	return s.reconfigure(ctx, "DisableNatTraversal true", "DisableNatTraversal false")
}

// rudpPort finds the one of the server's UDP ports that answers R-UDP.
func (s *Server) rudpPort(ctx context.Context) (port uint16, err error) {
	err = netns.Await(ctx, "the VPN server's R-UDP port", serverLimit, func() error {
		out, err := s.Host.Must(ctx, "ss", "-Hlunp")
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			f := strings.Fields(line) // state, queues, local address
			if len(f) < 4 || !strings.Contains(line, `"vpnserver"`) || !strings.HasPrefix(f[3], "0.0.0.0:") {
				continue
			}
			n, err := strconv.ParseUint(strings.TrimPrefix(f[3], "0.0.0.0:"), 10, 16)
			if err != nil {
				return fmt.Errorf("ss says %q: %w", line, err)
			}
			ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
			err = s.Host.Do(func() error {
				c, err := rudp.DialUDP(ctx, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(n)))
				if err == nil {
					_ = c.Close()
				}
				return err
			})
			cancel()
			if err == nil {
				port = uint16(n)
				return nil
			}
		}
		return fmt.Errorf("none of these answers:\n%s", out)
	})
	return port, err
}

// BehindRendezvous restarts the server with NAT traversal, and starts a stand-in for SoftEther's public
// rendezvous server, under that name, which knows the server.
func (s *Server) BehindRendezvous(ctx context.Context) (*rudptest.Rendezvous, error) {
	if err := s.AnswerAsItself(ctx); err != nil {
		return nil, err
	}
	if err := s.WithNATTraversal(ctx); err != nil {
		return nil, err
	}
	port, err := s.rudpPort(ctx)
	if err != nil {
		return nil, err
	}
	r := &rudptest.Rendezvous{Servers: map[netip.Addr]netip.AddrPort{plan.ServerAddr: netip.AddrPortFrom(plan.ServerAddr, port)}}
	if err := s.Host.Do(func() error { return r.Listen(netip.AddrPortFrom(plan.ServerAddr, 5004)) }); err != nil {
		return nil, err
	}
	s.Host.OnClose(func() { _ = r.Close() })
	return r, nil
}
