// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

func TestCluster(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	c, err := w.NewCluster(w.ctx)
	w.ok(err)
	fingerprint, err := c.Controller.Fingerprint(w.ctx)
	w.ok(err)
	if other, err := c.Member.Fingerprint(w.ctx); err != nil || other == fingerprint {
		t.Fatalf("controller and member have the same certificate (%v): nothing to test", err)
	}
	v := desktop.VPN{
		Name: "cluster", Password: softether.Alice.Password,
		Data: map[string]string{
			"gateway": plan.ControllerAddr.String(), "hub": softether.HubCluster, "user": softether.Alice.Name,
			"server-cert-sha256": fingerprint, "max-connections": "3",
		},
		More: []string{"ipv4.method", "manual", "ipv4.addresses", plan.ClusterClient.String(), "ipv4.never-default", "yes", "ipv6.method", "disabled"},
	}
	w.up(quick(v))
	inner := plan.MemberInner.Addr()
	w.pings(inner)

	route := func() {
		t.Helper()
		w.hasRoutes(serverRoute(plan.MemberAddr, plan.Bases[0]))
		w.hasNoRoute(netip.PrefixFrom(plan.ControllerAddr, 32).String())
	}
	route()
	sessions := func() []string {
		t.Helper()
		names, err := c.Member.Sessions(w.ctx, softether.HubCluster, softether.Alice)
		w.ok(err)
		return names
	}
	first := sessions()
	if len(first) != 1 {
		t.Fatalf("the member has the sessions %v, want one", first)
	}
	var ports []string
	w.eventually("all connections at the member", 15*time.Second, func() error {
		ports, err = c.Member.VPNPorts(w.ctx)
		return is("the number of connections", len(ports), 3, err)
	})
	if n, err := c.Controller.VPNPorts(w.ctx); err != nil || len(n) > 0 {
		t.Errorf("the controller still has the connections %v, %v", n, err)
	}

	// All connections are lost on the way: the session at the member is taken up again.
	before := w.snapshot()
	for _, p := range ports {
		w.ok(c.Member.Forget(w.ctx, p))
	}
	w.eventually("pings after the loss", 20*time.Second, func() error { return w.pingOnce(inner) })
	if now := sessions(); fmt.Sprint(now) != fmt.Sprint(first) {
		t.Errorf("sessions %v became %v: a new login where the old session could be taken up again", first, now)
	}
	w.unchanged("cluster", before)
	route()

	// The session is ended: the way back begins at the controller.
	logins := strings.Count(w.Desktop.NMLog(0), "redirected to a member")
	w.ok(c.Member.Kick(w.ctx, softether.HubCluster, softether.Alice))
	w.eventually("pings after the kick", 30*time.Second, func() error { return w.pingOnce(inner) })
	if now := strings.Count(w.Desktop.NMLog(0), "redirected to a member"); now <= logins {
		t.Errorf("%d redirects before the kick, %d after it", logins, now)
	}
	w.unchanged("cluster", before)
	route()

	// The member dies, and comes back: meanwhile the controller has nobody to send us to.
	w.ok(c.Member.Kill(w.ctx))
	time.Sleep(2 * time.Second)
	w.unchanged("cluster", before)
	w.ok(c.Restart(w.ctx))
	w.eventually("pings after the member's return", 60*time.Second, func() error { return w.pingOnce(inner) })
	w.unchanged("cluster", before)
	w.down("cluster")
	w.hasNoRoute(netip.PrefixFrom(plan.MemberAddr, 32).String())
}

// TestClusterMemberWithAnotherCertificate: the controller says which certificate the member has. Somebody in its place
// gets no ticket, and nobody is asked whether that is all right.
func TestClusterMemberWithAnotherCertificate(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	c, err := w.NewCluster(w.ctx)
	w.ok(err)
	w.ok(c.Impersonate(w.ctx, w.Internet))
	fingerprint, err := c.Controller.Fingerprint(w.ctx)
	w.ok(err)
	impostor, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	impostor = colons(impostor)
	v := desktop.VPN{
		Name: "cluster", Password: softether.Alice.Password,
		Data: map[string]string{"gateway": plan.ControllerAddr.String(), "hub": softether.HubCluster, "user": softether.Alice.Name, "server-cert-sha256": fingerprint},
		More: []string{"ipv4.method", "manual", "ipv4.addresses", plan.ClusterClient.String(), "ipv6.method", "disabled"},
	}
	w.ok(w.Desktop.Add(w.ctx, v))
	mark := w.Desktop.NMLogMark()
	if res := w.asks(v.Name, "yes", "yes"); res.Code == 0 || strings.Contains(res.Text(), impostor) {
		t.Errorf("nmcli --ask (exit status %d) said: %s", res.Code, res.Text())
	}
	log := w.Desktop.VPNLog(mark)
	if !strings.Contains(log, "redirected to a member") || !strings.Contains(log, impostor) {
		t.Errorf("the log tells of no redirect to somebody with the certificate %s: %s", impostor, log)
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
	if said := w.Server.Log(100); strings.Contains(said, softether.HubCluster) {
		t.Errorf("somebody in the member's place was sent a login: %s", said)
	}
}

// TestClusterThroughAProxy: the member is known only to the controller, and both can be reached only through the proxy.
func TestClusterThroughAProxy(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	w.ok(w.StartSquid(w.ctx, servers.SquidDigest))
	c, err := w.NewCluster(w.ctx)
	w.ok(err)
	fingerprint, err := c.Controller.Fingerprint(w.ctx)
	w.ok(err)
	w.ok(w.OnlyProxies(w.ctx, true))
	v := w.proxied("http", servers.SquidDigest, true, "ipv4.method", "manual", "ipv4.addresses", plan.ClusterClient.String(), "ipv4.never-default", "yes")
	v.Data["gateway"], v.Data["hub"], v.Data["server-cert-sha256"] = plan.ControllerAddr.String(), softether.HubCluster, fingerprint
	v.Data["max-connections"] = "2"
	w.up(v)
	inner := plan.MemberInner.Addr()
	w.pings(inner)
	w.hasRoutes(serverRoute(plan.ProxyAddr, plan.Bases[0]))
	w.hasNoRoute(netip.PrefixFrom(plan.MemberAddr, 32).String())
	w.eventually("two connections at the member", 15*time.Second, func() error {
		ports, err := c.Member.VPNPorts(w.ctx)
		return is("the number of connections", len(ports), 2, err)
	})

	// The session is ended: the way back begins at the controller again.
	logins := strings.Count(w.Desktop.NMLog(0), "redirected to a member")
	w.ok(c.Member.Kick(w.ctx, softether.HubCluster, softether.Alice))
	w.eventually("pings after the kick", 30*time.Second, func() error { return w.pingOnce(inner) })
	if now := strings.Count(w.Desktop.NMLog(0), "redirected to a member"); now <= logins {
		t.Errorf("%d redirects before the kick, %d after it", logins, now)
	}
	w.down(v.Name)
	// Squid writes a line when a connection has ended.
	w.eventually("Squid to have led to both", 10*time.Second, func() error {
		log := w.SquidLog(servers.SquidDigest)
		for _, addr := range []netip.Addr{plan.ControllerAddr, plan.MemberAddr} {
			if !strings.Contains(log, fmt.Sprintf("CONNECT %v:443", addr)) {
				return fmt.Errorf("nothing about %v in its log: %s", addr, log)
			}
		}
		return nil
	})
}

// pingOnce gives addr a second to answer.
func (w *world) pingOnce(addr netip.Addr) error {
	ctx, cancel := context.WithTimeout(w.ctx, time.Second)
	defer cancel()
	_, err := w.Desktop.Ping(ctx, addr)
	return err
}
