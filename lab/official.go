// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"net/netip"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// The official client's end of its cable, and the router at the Internet's end.
var (
	officialCable  = netip.MustParsePrefix("10.83.0.2/24")
	officialRouter = netip.MustParsePrefix("10.83.0.1/24")
)

// NewOfficial adds that computer to the lab. It may be called once.
func (l *Lab) NewOfficial(ctx context.Context) (*softether.Official, error) {
	// vpnclient has its directories compiled in, as vpnserver has (softether-protocol.md 16).
	h, err := netns.NewHost(l.dir, "official", []string{"/var/lib", "/var/log", "/run/softether"}, (*netns.Host).PrivateEtc)
	if err != nil {
		return nil, err
	}
	l.extra = append(l.extra, h)
	var line *netns.Line
	if l.opts.Impaired {
		line, err = l.line("isp2", h, "base0", "wan2")
	} else {
		err = netns.Cable(h, "base0", l.Internet, "wan2")
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(h.AddAddr("base0", officialCable), l.Internet.AddAddr("wan2", officialRouter)); err != nil {
		return nil, err
	}
	if _, err := h.Must(ctx, "ip", "route", "add", plan.Single(plan.ServerAddr).String(), "via", officialRouter.Addr().String()); err != nil {
		return nil, err
	}
	return softether.NewOfficial(h, line, l.Internet, l.dir), nil
}
