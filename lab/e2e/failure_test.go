// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// at returns Alice's profile with another server address.
func (w *world) at(gateway string, more ...string) desktop.VPN {
	w.t.Helper()
	v := w.profile("elsewhere", softether.HubOffice, softether.Alice, more...)
	v.Data["gateway"] = gateway
	return v
}

func TestServerCannotBeReached(t *testing.T) {
	t.Run("port refused", func(t *testing.T) {
		w := network(t)
		w.refused(w.at("203.0.113.10:444"), connectFailed, "refused")
	})
	t.Run("no such name", func(t *testing.T) {
		w := network(t)
		w.refused(w.at("nowhere.lab.test"), connectFailed, "nowhere.lab.test")
	})
	t.Run("no answer for vpn.timeout seconds", func(t *testing.T) {
		w := network(t)
		w.ok(w.BlackHole(w.ctx, true))
		open := false
		again := func() {
			if !open {
				open = true
				w.ok(w.BlackHole(w.ctx, false))
			}
		}
		t.Cleanup(again)
		v := w.at("203.0.113.10", "vpn.timeout", "3")
		w.ok(w.Desktop.Add(w.ctx, v))
		began := time.Now()
		res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", v.Name)
		w.ok(err)
		if took := time.Since(began); res.Code == 0 || took < 2*time.Second || took > hung/2 { // without the key it is a minute
			t.Errorf("after %v nmcli said %q", took, res.Text())
		}
		again()
		w.ok(w.Desktop.AwaitGone(w.ctx))
		w.baseIntact()
	})
}

// play runs a server on the Internet that does what talk says with every connection.
func (w *world) play(talk func(net.Conn)) string {
	w.t.Helper()
	l, err := w.Internet.Serve("203.0.113.10:0", talk)
	w.ok(err)
	w.t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// discard reads until the peer closes.
func discard(c net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

func TestServerIsNoSoftEtherServer(t *testing.T) {
	lab := freshNetwork(t).Lab
	ca, err := softether.NewAuthority("Somebody")
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := ca.Issue("web", nil, plan.ServerAddr)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	causes := map[string]struct{ words, log string }{
		"a web server":             {connectFailed, "not a SoftEther VPN server"},
		"a web server without TLS": {connectFailed, "not a SoftEther VPN server"},
		"an SSH server":            {connectFailed, "not a SoftEther VPN server"},
		"one that says nothing":    {timedOut, "vpn.timeout"},
		"one that hangs up":        {connectFailed, "TLS handshake failed"},
		"TLS and then hanging up":  {connectFailed, "no hello"},
	}
	for name, talk := range map[string]func(net.Conn){
		"a web server": func(c net.Conn) {
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
			if s.Handshake() == nil {
				_, _ = s.Read(make([]byte, 4096))
				fmt.Fprint(s, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno")
				discard(s)
			}
		},
		"a web server without TLS": func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
			discard(c)
		},
		"an SSH server":           func(c net.Conn) { fmt.Fprint(c, "SSH-2.0-OpenSSH_9.2\r\n"); discard(c) },
		"one that says nothing":   discard,
		"one that hangs up":       func(net.Conn) {},
		"TLS and then hanging up": func(c net.Conn) { _ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake() },
	} {
		t.Run(name, func(t *testing.T) {
			w := enter(t, lab)
			v := w.at(w.play(talk), "vpn.timeout", "5")
			v.Data["server-cert-check"], v.Data["server-cert-sha256"] = "no", ""
			want := causes[name]
			w.refused(v, want.words, want.log)
		})
	}
}

func TestOfficeGivesNoAddress(t *testing.T) {
	w := freshNetwork(t)
	silent := servers.OfficeDHCP()
	silent.Silent = true
	w.office(silent)
	w.refused(ipv4Only(w.profile("nodhcp", softether.HubOffice, softether.Alice)), badConfig, "SecureNAT")
}

func TestOfficeSendsARouteOverTheServerItself(t *testing.T) {
	w := network(t)
	dhcp := servers.OfficeDHCP()
	dhcp.Routes = append(dhcp.Routes, servers.Route{Dst: netOf(plan.ServerAddr, 32), Via: plan.OfficeGateway}, servers.Route{Dst: netOf(plan.ServerAddr, 24), Via: plan.OfficeGateway})
	w.ok(w.Office.Configure(w.ctx, dhcp))
	t.Cleanup(func() { w.ok(w.Office.Configure(w.ctx, servers.OfficeDHCP())) })
	w.up(ipv4Only(w.profile("loop", softether.HubOffice, softether.Alice)))
	if dev, err := w.Desktop.RouteTo(plan.ServerAddr); err != nil || dev != plan.Bases[0].Device {
		t.Errorf("the server is reached by %s, %v", dev, err)
	}
	w.pings(plan.OfficeInner)
}

func TestBadValuesInTheProfile(t *testing.T) {
	for key, value := range map[string]string{
		"port": "99999", "auth-type": "magic", "mac": "01:00:5e:00:00:01", "mtu": "70000", "gateway": "a b", "server-cert-sha256": "zz",
		"reconnect-interval": "1", "hub": "",
	} {
		t.Run(key, func(t *testing.T) {
			w := network(t)
			v := w.profile("bad", softether.HubOffice, softether.Alice)
			v.Data[key] = value
			if value == "" { // the default hub does not exist here
				w.refused(v, connectFailed, "HUB_NOT_FOUND")
				return
			}
			w.refused(v, "activation failed", key)
		})
	}
}

func TestServerGoesAwayWhileConnecting(t *testing.T) {
	w := freshNetwork(t)
	v := w.profile("gone", softether.HubOffice, softether.Alice, "vpn.timeout", "10")
	w.ok(w.Server.Freeze(true))
	w.ok(w.Desktop.Add(w.ctx, v))
	done := make(chan error, 1)
	go func() {
		res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", v.Name)
		if err == nil && res.Code == 0 {
			err = errors.New("it connected")
		}
		done <- err
	}()
	w.eventually("the service to have started", 5*time.Second, func() error { return is("number of services", len(w.Desktop.Services()), 1, nil) })
	w.ok(w.Server.Kill(w.ctx))
	w.ok(<-done)
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
}
