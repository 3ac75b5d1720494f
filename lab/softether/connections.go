// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"network-manager-softether/lab/plan"
)

// VPNPorts is VPNConnections for a server of a cluster. The connection between controller and member is not
// included.
func (s *Server) VPNPorts(ctx context.Context) ([]string, error) {
	if s.Host.Name == "controller" {
		return s.Connections(ctx, plan.ControllerAddr)
	}
	return s.Connections(ctx, plan.MemberAddr)
}

// Connections lists the established TCP connections to these addresses, as the server sees them, by the port
// of their other end.
func (s *Server) Connections(ctx context.Context, addrs ...netip.Addr) ([]string, error) {
	var out strings.Builder
	for _, a := range addrs {
		more, err := s.Host.Must(ctx, "ss", "--tcp", "--numeric", "--no-header", "state", "established", "src", netip.AddrPortFrom(a, 443).String())
		if err != nil {
			return nil, err
		}
		out.WriteString(more)
	}
	var ports []string
	for line := range strings.Lines(out.String()) {
		f := strings.Fields(line) // queues, local and remote address
		if len(f) < 4 {
			continue
		}
		host, port, err := net.SplitHostPort(f[3])
		if err != nil {
			return nil, fmt.Errorf("ss says %q: %w", line, err)
		}
		if host != plan.MemberAddr.String() {
			ports = append(ports, port)
		}
	}
	return ports, nil
}

// Forget is ForgetConnection for any server.
func (s *Server) Forget(ctx context.Context, port string) error {
	_, err := s.Host.Must(ctx, "nft", fmt.Sprintf(`table ip forgotten%s {
		chain to_server { type filter hook input priority 0; tcp sport %s reject with tcp reset; }
	}`, port, port))
	return err
}
