// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"net"
	"net/netip"
)

// DialDNSPort is DialDNS to any port.
func DialDNSPort(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
	return dialDNS(ctx, nil, server)
}
