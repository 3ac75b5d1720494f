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

// NewCluster adds the cluster to the lab. It may be called once.
func (l *Lab) NewCluster(ctx context.Context) (*softether.Cluster, error) {
	controller, err := l.newServer(ctx, "controller", plan.ControllerAddr)
	if err != nil {
		return nil, err
	}
	member, err := l.newServer(ctx, "member", plan.MemberAddr)
	if err != nil {
		return nil, err
	}
	return softether.JoinCluster(ctx, controller, member)
}

// newServer adds a computer with a VPN server to the Internet. Its neighbour there has the preceding address.
func (l *Lab) newServer(ctx context.Context, name string, addr netip.Addr) (*softether.Server, error) {
	h, err := netns.NewHost(l.dir, name, []string{"/var/lib", "/var/log", "/run/softether"}, nil)
	if err != nil {
		return nil, err
	}
	l.extra = append(l.extra, h)
	if err := netns.Cable(h, "eth0", l.Internet, "to-"+name); err != nil {
		return nil, err
	}
	router := netip.PrefixFrom(addr.Prev(), 30)
	if err := errors.Join(h.AddAddr("eth0", netip.PrefixFrom(addr, 30)), l.Internet.AddAddr("to-"+name, router)); err != nil {
		return nil, err
	}
	if _, err := h.Must(ctx, "ip", "route", "add", "default", "via", router.Addr().String()); err != nil {
		return nil, err
	}
	s := softether.NewServer(h, l.dir)
	if err := s.Sow(); err != nil {
		return nil, err
	}
	return s, s.Launch(ctx)
}
