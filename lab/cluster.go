// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// A Cluster is two more VPN servers on the Internet, joined to a cluster: a controller, which takes logins and hosts no
// session itself, and a member, which hosts them. Hub HubCluster has the user Alice and is bridged to a network of the
// member's own, where MemberInner answers pings; nobody answers DHCP there.
type Cluster struct {
	Controller, Member *Server
}

// HubCluster is the cluster's hub.
const HubCluster = "CLUSTER"

// The cluster's addresses, and what a client on the hub may take for itself.
var (
	ControllerAddr = netip.MustParseAddr("203.0.113.22")
	MemberAddr     = netip.MustParseAddr("203.0.113.26")
	MemberInner    = netip.MustParsePrefix("10.40.0.1/24")
	ClusterClient  = netip.MustParsePrefix("10.40.0.2/24")
)

const (
	clusterLimit = 40 * time.Second // joining takes the servers some 10 s
	memberTAP    = "tap_inner"
)

// NewCluster adds the cluster to the lab. It may be called once.
func (l *Lab) NewCluster(ctx context.Context) (*Cluster, error) {
	c := &Cluster{}
	var err error
	if c.Controller, err = l.newServer(ctx, "controller", ControllerAddr); err != nil {
		return nil, err
	}
	if c.Member, err = l.newServer(ctx, "member", MemberAddr); err != nil {
		return nil, err
	}
	if err := c.Controller.adminAs(ctx, "", "ServerPasswordSet "+adminPassword+"\nClusterSettingController /WEIGHT:100 /ONLY:yes"); err != nil {
		return nil, err
	}
	err = Await(ctx, "the cluster's controller", clusterLimit, func() error {
		out, err := c.Controller.Admin(ctx, "ClusterSettingGet")
		if err == nil && !strings.Contains(out, "Controller") {
			err = fmt.Errorf("it is not one: %s", out)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.Member.adminAs(ctx, "", "ServerPasswordSet "+adminPassword); err != nil {
		return nil, err
	}
	if _, err := c.Member.Admin(ctx, fmt.Sprintf("ClusterSettingMember %v:443 /IP:%v /PORTS:443 /PASSWORD:%s /WEIGHT:100",
		ControllerAddr, MemberAddr, adminPassword)); err != nil {
		return nil, err
	}
	if err := c.await(ctx); err != nil {
		return nil, err
	}
	if _, err := c.Controller.Admin(ctx, fmt.Sprintf("HubCreateStatic %[1]s /PASSWORD:hubpw\nHub %[1]s\nUserCreate %[2]s /GROUP:none /REALNAME:none /NOTE:none\n"+
		"UserPasswordSet %[2]s /PASSWORD:%[3]s", HubCluster, Alice.Name, Alice.Password)); err != nil {
		return nil, err
	}
	return c, c.bridge(ctx)
}

// Impersonate leads the desktop to the office's server when it goes to the member, as an attacker on the way could.
func (c *Cluster) Impersonate(ctx context.Context, l *Lab) error {
	_, err := l.Internet.Must(ctx, "nft", fmt.Sprintf(`table ip impersonate {
		chain to_member { type nat hook prerouting priority -100;
			iifname "wan*" ip daddr %v tcp dport 443 dnat to %v
		}
	}`, MemberAddr, ServerAddr))
	return err
}

// Restart starts the member again after it was killed, and waits until it has joined.
func (c *Cluster) Restart(ctx context.Context) error {
	if err := c.Member.launch(ctx); err != nil {
		return err
	}
	return Await(ctx, "the TAP of the member's hub", clusterLimit, func() error {
		if err := c.Member.Host.SetLink(memberTAP, true); err != nil {
			return err
		}
		return c.Member.Host.address(memberTAP, MemberInner)
	})
}

// await waits until the member has joined.
func (c *Cluster) await(ctx context.Context) error {
	return Await(ctx, "the cluster's member to join", clusterLimit, func() error {
		out, err := c.Controller.Admin(ctx, "ClusterMemberList")
		if err == nil && !strings.Contains(out, "|Member ") {
			err = fmt.Errorf("it is not there: %s", out)
		}
		return err
	})
}

// bridge joins the member's hub to a TAP with an address.
func (c *Cluster) bridge(ctx context.Context) error {
	err := Await(ctx, "the hub on the member", clusterLimit, func() error {
		_, err := c.Member.Admin(ctx, fmt.Sprintf("BridgeCreate %s /DEVICE:%s /TAP:yes\nFlush", HubCluster, strings.TrimPrefix(memberTAP, "tap_")))
		return err
	})
	if err != nil {
		return err
	}
	return Await(ctx, "the TAP of the member's hub", clusterLimit, func() error {
		if err := c.Member.Host.SetLink(memberTAP, true); err != nil {
			return err
		}
		return c.Member.Host.address(memberTAP, MemberInner)
	})
}

// newServer adds a computer with a VPN server to the Internet. Its neighbour there has the address before its own.
func (l *Lab) newServer(ctx context.Context, name string, addr netip.Addr) (*Server, error) {
	h, err := newHost(l.dir, name, []string{"/var/lib", "/var/log", "/run/softether"}, nil)
	if err != nil {
		return nil, err
	}
	l.extra = append(l.extra, h)
	if err := cable(h, "eth0", l.Internet, "to-"+name); err != nil {
		return nil, err
	}
	router := netip.PrefixFrom(addr.Prev(), 30)
	if err := errors.Join(h.address("eth0", netip.PrefixFrom(addr, 30)), l.Internet.address("to-"+name, router)); err != nil {
		return nil, err
	}
	if _, err := h.Must(ctx, "ip", "route", "add", "default", "via", router.Addr().String()); err != nil {
		return nil, err
	}
	s := &Server{Host: h, lab: l}
	if err := s.sow(); err != nil {
		return nil, err
	}
	return s, s.launch(ctx)
}
