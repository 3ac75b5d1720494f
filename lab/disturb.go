// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"network-manager-softether/lab/plan"
)

// BlackHole makes the VPN server's side silently drop everything from the desktop, or stop doing so.
func (l *Lab) BlackHole(ctx context.Context, on bool) error {
	if !on {
		_, err := l.Internet.Must(ctx, "nft", "delete", "table", "inet", "blackhole")
		return err
	}
	_, err := l.Internet.Must(ctx, "nft", `table inet blackhole {
		chain to_server { type filter hook input priority 0; iifname "wan*" drop; }
		chain beyond { type filter hook forward priority 0; iifname "wan*" drop; }
	}`)
	return err
}

// ResetConnections resets every TCP connection from the desktop to the VPN server, at both ends.
func (l *Lab) ResetConnections(ctx context.Context) error {
	return l.reset(ctx)
}

// reset resets the TCP connections to the VPN server that match a filter of ss.
func (l *Lab) reset(ctx context.Context, filter ...string) error {
	for _, addr := range []string{plan.ServerAddr.String(), "[" + plan.ServerAddr6.String() + "]"} {
		args := []string{"ss", "--tcp", "--kill", "--no-header", "state", "established", "src", addr}
		if _, err := l.Internet.Must(ctx, append(args, filter...)...); err != nil {
			return err
		}
	}
	return nil
}

// ForgetConnections does what a NAT box does after losing its table: every packet of the present TCP
// connections to the VPN server is answered with a reset, and the server hears nothing of it. New connections
// work.
func (l *Lab) ForgetConnections(ctx context.Context) error {
	out, err := l.Internet.Must(ctx, "ss", "--tcp", "--numeric", "--no-header", "state", "established", "src", plan.ServerAddr.String())
	if err != nil {
		return err
	}
	var ports []string
	for line := range strings.Lines(out) {
		f := strings.Fields(line) // queues, local and remote address
		if len(f) >= 4 {
			_, port, err := net.SplitHostPort(f[3])
			if err != nil {
				return fmt.Errorf("ss says %q: %w", line, err)
			}
			ports = append(ports, port)
		}
	}
	if len(ports) == 0 {
		return errors.New("the VPN server has no connection")
	}
	_, err = l.Internet.Must(ctx, "nft", fmt.Sprintf(`table ip forgotten {
		chain to_server { type filter hook input priority 0; tcp sport { %s } reject with tcp reset; }
	}`, strings.Join(ports, ", ")))
	return err
}

// ResetConnection resets one of the VPNConnections at both ends.
func (l *Lab) ResetConnection(ctx context.Context, port string) error {
	return l.reset(ctx, "dport", "=", ":"+port)
}

// ForgetConnection does to one of the VPNConnections what ForgetConnections does to all.
func (l *Lab) ForgetConnection(ctx context.Context, port string) error {
	return l.Server.Forget(ctx, port)
}

// OnlyLet puts a firewall in front of the VPN server: only what the nftables expression matches passes ("udp
// dport 53"); everything else is silently dropped. "" removes the firewall.
func (l *Lab) OnlyLet(ctx context.Context, match string) error {
	if _, err := l.Internet.Must(ctx, "nft", "add table inet only-let; delete table inet only-let"); err != nil || match == "" {
		return err
	}
	_, err := l.Internet.Must(ctx, "nft", fmt.Sprintf(`table inet only-let {
		chain to_server { type filter hook input priority 0;
			iifname "wan*" ip daddr %v %s accept;
			iifname "wan*" ip daddr %v drop;
			iifname "wan*" ip6 daddr %v drop;
		}
	}`, plan.ServerAddr, match, plan.ServerAddr, plan.ServerAddr6))
	return err
}

// OnlyProxies makes the Internet refuse everything sent directly from the desktop to the VPN servers,
// including those of a cluster, or stop doing so: only what goes through a proxy arrives.
func (l *Lab) OnlyProxies(ctx context.Context, on bool) error {
	if !on {
		_, err := l.Internet.Must(ctx, "nft", "delete", "table", "inet", "only-proxies")
		return err
	}
	_, err := l.Internet.Must(ctx, "nft", fmt.Sprintf(`table inet only-proxies {
		chain to_server { type filter hook input priority 0;
			iifname "wan*" ip daddr %v meta l4proto tcp reject with tcp reset;
			iifname "wan*" ip6 daddr %v meta l4proto tcp reject with tcp reset;
		}
		chain to_cluster { type filter hook forward priority 0;
			iifname "wan*" ip daddr { %v, %v } meta l4proto tcp reject with tcp reset;
		}
	}`, plan.ServerAddr, plan.ServerAddr6, plan.ControllerAddr, plan.MemberAddr))
	return err
}
