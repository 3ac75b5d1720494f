// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// VPNConnections lists the TCP connections to the VPN server that are established as the server sees it, by the port of
// their other end.
func (l *Lab) VPNConnections(ctx context.Context) ([]string, error) {
	return l.Server.connections(ctx, ServerAddr)
}

// VPNPorts is VPNConnections for a server of a cluster. The one between controller and member is not among them.
func (s *Server) VPNPorts(ctx context.Context) ([]string, error) {
	if s.Host.Name == "controller" {
		return s.connections(ctx, ControllerAddr)
	}
	return s.connections(ctx, MemberAddr)
}

// VPNBytes tells how many bytes the VPN server has received over each of the connections that VPNConnections lists.
func (l *Lab) VPNBytes(ctx context.Context) (map[string]uint64, error) {
	out, err := l.Server.Host.Must(ctx, "ss", "--tcp", "--numeric", "--no-header", "--info", "--oneline", "state", "established", "src", ServerAddr.String(), "sport", "=", ":443")
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

func (s *Server) connections(ctx context.Context, addr netip.Addr) ([]string, error) {
	out, err := s.Host.Must(ctx, "ss", "--tcp", "--numeric", "--no-header", "state", "established", "src", addr.String(), "sport", "=", ":443")
	if err != nil {
		return nil, err
	}
	var ports []string
	for line := range strings.Lines(out) {
		f := strings.Fields(line) // queues, local and remote address
		if len(f) < 4 {
			continue
		}
		host, port, err := net.SplitHostPort(f[3])
		if err != nil {
			return nil, fmt.Errorf("ss says %q: %w", line, err)
		}
		if host != MemberAddr.String() {
			ports = append(ports, port)
		}
	}
	return ports, nil
}

// ResetConnection resets one of the VPNConnections at both ends.
func (l *Lab) ResetConnection(ctx context.Context, port string) error {
	_, err := l.Internet.Must(ctx, "ss", "--tcp", "--kill", "--no-header", "state", "established",
		"src", ServerAddr.String(), "dport", "=", ":"+port)
	return err
}

// ForgetConnection does to one of the VPNConnections what ForgetConnections does to all.
func (l *Lab) ForgetConnection(ctx context.Context, port string) error {
	return l.Server.Forget(ctx, port)
}

// Forget is ForgetConnection for any server.
func (s *Server) Forget(ctx context.Context, port string) error {
	_, err := s.Host.Must(ctx, "nft", fmt.Sprintf(`table ip forgotten%s {
		chain to_server { type filter hook input priority 0; tcp sport %s reject with tcp reset; }
	}`, port, port))
	return err
}
