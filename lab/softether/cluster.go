// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"fmt"
	"strings"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// A Cluster is two more VPN servers on the Internet, joined to a cluster: a controller, which takes logins and hosts no
// session itself, and a member, which hosts them. Hub HubCluster has the user Alice and is bridged to a network of the
// member's own, where MemberInner answers pings; nobody answers DHCP there.
type Cluster struct {
	Controller, Member *Server
}

// HubCluster is the cluster's hub.
const HubCluster = "CLUSTER"

const (
	clusterLimit = 40 * time.Second // joining takes the servers some 10 s
	memberTAP    = "tap_inner"
)

// JoinCluster makes a cluster of two servers that have just been started for the first time.
func JoinCluster(ctx context.Context, controller, member *Server) (*Cluster, error) {
	c := &Cluster{Controller: controller, Member: member}
	if err := c.Controller.adminAs(ctx, "", "ServerPasswordSet "+adminPassword+"\nClusterSettingController /WEIGHT:100 /ONLY:yes"); err != nil {
		return nil, err
	}
	err := netns.Await(ctx, "the cluster's controller", clusterLimit, func() error {
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
		plan.ControllerAddr, plan.MemberAddr, adminPassword)); err != nil {
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

// Impersonate diverts the desktop to the office's server when it connects to the member, as an attacker on
// the path could.
func (c *Cluster) Impersonate(ctx context.Context, internet *netns.Host) error {
	_, err := internet.Must(ctx, "nft", fmt.Sprintf(`table ip impersonate {
		chain to_member { type nat hook prerouting priority -100;
			iifname "wan*" ip daddr %v tcp dport 443 dnat to %v
		}
	}`, plan.MemberAddr, plan.ServerAddr))
	return err
}

// Restart starts the member again after it was killed, and waits until it has joined.
func (c *Cluster) Restart(ctx context.Context) error {
	if err := c.Member.Launch(ctx); err != nil {
		return err
	}
	return netns.Await(ctx, "the TAP of the member's hub", clusterLimit, func() error {
		if err := c.Member.Host.SetLink(memberTAP, true); err != nil {
			return err
		}
		return c.Member.Host.AddAddr(memberTAP, plan.MemberInner)
	})
}

// await waits until the member has joined.
func (c *Cluster) await(ctx context.Context) error {
	return netns.Await(ctx, "the cluster's member to join", clusterLimit, func() error {
		out, err := c.Controller.Admin(ctx, "ClusterMemberList")
		if err == nil && !strings.Contains(out, "|Member ") {
			err = fmt.Errorf("it is not there: %s", out)
		}
		return err
	})
}

// bridge joins the member's hub to a TAP with an address.
func (c *Cluster) bridge(ctx context.Context) error {
	err := netns.Await(ctx, "the hub on the member", clusterLimit, func() error {
		_, err := c.Member.Admin(ctx, fmt.Sprintf("BridgeCreate %s /DEVICE:%s /TAP:yes\nFlush", HubCluster, strings.TrimPrefix(memberTAP, "tap_")))
		return err
	})
	if err != nil {
		return err
	}
	return netns.Await(ctx, "the TAP of the member's hub", clusterLimit, func() error {
		if err := c.Member.Host.SetLink(memberTAP, true); err != nil {
			return err
		}
		return c.Member.Host.AddAddr(memberTAP, plan.MemberInner)
	})
}
