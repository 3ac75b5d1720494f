// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// proxied is a profile that goes through a proxy of the lab, which knows ProxyUser if user is true.
func (w *world) proxied(kind string, port int, user bool, more ...string) desktop.VPN {
	w.t.Helper()
	v := ipv4Only(w.profile("proxied", softether.HubOffice, softether.Alice, more...))
	v.Data["proxy-type"] = kind
	v.Data["proxy-server"] = fmt.Sprintf("%s:%d", plan.ProxyName, port)
	if user {
		v.Data["proxy-user"] = servers.ProxyUser.Name
		v.Secrets = map[string]string{"proxy-password": servers.ProxyUser.Password}
	}
	return v
}

// throughProxy connects a profile where nothing else gets through, and checks the way of its packets.
func (w *world) throughProxy(v desktop.VPN) {
	w.t.Helper()
	w.ok(w.OnlyProxies(w.ctx, true))
	defer func() { w.ok(w.OnlyProxies(w.ctx, false)) }()
	w.up(v)
	w.pings(plan.OfficeGateway)
	// The default route leads into the tunnel; what carries the tunnel goes to the proxy.
	w.hasRoutes(serverRoute(plan.ProxyAddr, plan.Bases[0]))
	w.hasNoRoute(plan.ServerAddr.String())
	w.web("office", w.addressIn(w.tap(), plan.OfficeNet))
	w.down(v.Name)
	w.hasNoRoute(plan.ProxyAddr.String())
}

func TestHTTPProxy(t *testing.T) {
	for name, c := range map[string]struct {
		port int
		user bool
	}{"open": {servers.SquidOpen, false}, "basic": {servers.SquidBasic, true}, "digest": {servers.SquidDigest, true}} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			w.ok(w.StartSquid(w.ctx, c.port))
			w.throughProxy(w.proxied("http", c.port, c.user))
			// Squid writes a line when a connection has ended.
			w.eventually("Squid to log that it was asked by name", 5*time.Second, func() error {
				if log := w.SquidLog(c.port); !strings.Contains(log, "CONNECT "+plan.ServerName4+":443") {
					return fmt.Errorf("its log is %q", log)
				}
				return nil
			})
		})
	}
}

func TestSOCKSProxy(t *testing.T) {
	for name, c := range map[string]struct {
		kind, gateway string
		port          int
		user          bool
	}{
		"version 4, by address":        {"socks4", plan.ServerAddr.String(), servers.DanteOpen, false},
		"version 4, which lacks names": {"socks4", plan.ServerName4, servers.DanteOpen, false}, // Dante does not know 4a
		"version 5":                    {"socks5", plan.ServerName, servers.DanteOpen, false},
		"version 5, with a password":   {"socks5", plan.ServerName, servers.DantePassword, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			w.ok(w.StartDante(w.ctx, c.port))
			v := w.proxied(c.kind, c.port, c.user)
			v.Data["gateway"] = c.gateway
			w.throughProxy(v)
		})
	}
}

func TestProxyOfAnIPv6OnlyServer(t *testing.T) {
	w := network(t)
	w.ok(w.StartSquid(w.ctx, servers.SquidOpen))
	v := w.proxied("http", servers.SquidOpen, false)
	v.Data["gateway"] = plan.ServerName6
	w.throughProxy(v)
}

func TestProxyPasswordIsAskedForAgain(t *testing.T) {
	for kind, port := range map[string]int{"http": servers.SquidDigest, "socks5": servers.DantePassword} {
		t.Run(kind, func(t *testing.T) {
			w := network(t)
			w.verbose()
			if kind == "http" {
				w.ok(w.StartSquid(w.ctx, port))
			} else {
				w.ok(w.StartDante(w.ctx, port))
			}
			v := w.proxied(kind, port, true)
			v.Secrets["proxy-password"] = "typo"
			w.ok(w.Desktop.Add(w.ctx, v))
			if res := w.asks(v.Name, ctrlU+servers.ProxyUser.Password); res.Code != 0 {
				t.Fatalf("nmcli --ask failed: %s", res.Text())
			}
			w.pings(plan.OfficeGateway)
			w.down(v.Name)
			for line := range strings.Lines(w.Desktop.NMLog(0)) {
				if !strings.HasPrefix(line, "<") && strings.Contains(line, servers.ProxyUser.Password) {
					t.Errorf("the service logged the password: %s", line)
				}
			}
		})
	}
}

func TestProxyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		kind       string
		port       int
		user       bool
		change     map[string]string
		words, log string
	}{
		"a user is wanted and there is none": {"http", servers.SquidBasic, false, nil, connectFailed, "set proxy-user"},
		"nobody listens":                     {"socks5", servers.SquidOpen + 100, false, nil, connectFailed, "The proxy could not be reached"},
		"no such proxy":                      {"http", 1, false, map[string]string{"proxy-server": "nowhere.lab.test:1"}, connectFailed, "The proxy could not be reached"},
		"not that kind of proxy":             {"http", servers.DanteOpen, false, nil, connectFailed, "HTTP proxy " + plan.ProxyName},
		"the server does not listen":         {"http", servers.SquidOpen, false, map[string]string{"gateway": plan.ServerName + ":81"}, connectFailed, "cannot reach " + plan.ServerName + ":81"},
		"an unknown server":                  {"http", servers.SquidOpen, false, map[string]string{"gateway": "nowhere.lab.test"}, connectFailed, " nowhere.lab.test:443: 50"}, // squid 5 answers 500, squid 6 503
	} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			switch c.port {
			case servers.SquidOpen, servers.SquidBasic:
				w.ok(w.StartSquid(w.ctx, c.port))
			case servers.DanteOpen:
				w.ok(w.StartDante(w.ctx, c.port))
			}
			v := w.proxied(c.kind, c.port, c.user)
			maps.Copy(v.Data, c.change)
			w.refused(v, c.words, c.log)
		})
	}
}

func TestParallelConnectionsGoThroughTheProxy(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.StartSquid(w.ctx, servers.SquidDigest))
	w.ok(w.OnlyProxies(w.ctx, true))
	v := w.proxied("http", servers.SquidDigest, true)
	v.Data["max-connections"] = "4"
	w.up(v)
	w.pings(plan.OfficeGateway)
	w.eventually("four connections from the proxy to the server", 15*time.Second, func() error {
		out, err := w.Internet.Must(w.ctx, "ss", "--tcp", "--numeric", "--no-header", "state", "established", "src", plan.ProxyAddr.String(), "dst", plan.ServerAddr.String())
		return is("the number of connections", strings.Count(out, "\n"), 4, err)
	})
	w.pings(plan.OfficeGateway)
	w.down(v.Name)
}

func TestSessionSurvivesALossThroughTheProxy(t *testing.T) {
	w := freshNetwork(t)
	w.ok(w.StartSquid(w.ctx, servers.SquidDigest))
	v := w.proxied("http", servers.SquidDigest, true)
	w.up(v)
	w.pings(plan.OfficeGateway)
	w.ok(w.OnlyProxies(w.ctx, true)) // whoever goes around the proxy now is stopped
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	w.flows(20 * time.Second)
	w.ok(w.ResetConnections(w.ctx))
	w.flows(20 * time.Second)
	w.hasRoutes(serverRoute(plan.ProxyAddr, plan.Bases[0]))
	w.down(v.Name)
}
