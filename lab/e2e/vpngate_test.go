// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// gateHub is the hub of a VPN Gate relay: one user for everybody, addresses from SecureNAT.
const gateHub = `HubCreate VPNGATE /PASSWORD:hubpw
Hub VPNGATE
UserCreate vpn /GROUP:none /REALNAME:none /NOTE:none
UserPasswordSet vpn /PASSWORD:vpn
ExtOptionSet DisableKernelModeSecureNAT /VALUE:1
ExtOptionSet DisableIpRawModeSecureNAT /VALUE:1
SecureNatEnable`

// relays serves a list with the lab's server in it, on the lab's Internet, and returns its URL.
func (w *world) relays() string {
	w.t.Helper()
	_, err := w.Server.Admin(w.ctx, gateHub)
	w.ok(err)
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if _, err := w.Server.Admin(ctx, "HubDelete VPNGATE"); err != nil {
			w.t.Error(err)
		}
	})
	row := func(address, code, config string) string {
		return fmt.Sprintf("vpn1,%s,1,5,200000000,A country,%s,3,86400000,1,1,2weeks,Someone,,%s\r\n", address, code, base64.StdEncoding.EncodeToString([]byte(config)))
	}
	list := "*vpn_servers\r\n#HostName,IP,Score,Ping,Speed,CountryLong,CountryShort,NumVpnSessions,Uptime,TotalUsers,TotalTraffic,LogType,Operator,Message,OpenVPN_ConfigData_Base64\r\n" +
		row(plan.ServerAddr.String(), "JP", fmt.Sprintf("proto tcp\r\nremote %v 992\r\n", plan.ServerAddr)) +
		row("203.0.113.77", "KR", "proto udp\r\nremote 203.0.113.77 1194\r\n") + "*\r\n"
	l, err := w.Internet.Listen("tcp", plan.ServerAddr.String()+":8080")
	w.ok(err)
	web := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, list) })}
	go func() { _ = web.Serve(l) }() // ends with Close
	w.t.Cleanup(func() { web.Close() })
	return fmt.Sprintf("http://%v:8080/api/iphone/", plan.ServerAddr)
}

// vpngate runs the program under test on the desktop.
func (w *world) vpngate(as []string, args ...string) netns.Result {
	w.t.Helper()
	dir, err := desktop.Stage()
	w.ok(err)
	res, err := w.Desktop.Run(w.ctx, netns.Command{Args: append(append(as, filepath.Join(dir, "usr/bin/nm-softether-vpngate")), args...)})
	w.ok(err)
	return res
}

func TestPersonTakesARelayOfVPNGate(t *testing.T) {
	w := network(t)
	url := w.relays()
	if res := w.vpngate(nil, "list", "--url", url); res.Code != 0 || !strings.Contains(res.Stdout, "203.0.113.10   992  200.0 Mbit/s") || !strings.Contains(res.Stderr, "not shown: 1.") {
		t.Fatalf("list (exit status %d): %s", res.Code, res.Text())
	}
	const name = "VPN Gate JP 203.0.113.10"
	if res := w.vpngate(nil, "add", "--url", url, "--country", "JP"); res.Code != 0 || !strings.Contains(res.Stdout, name) {
		t.Fatalf("add (exit status %d): %s", res.Code, res.Text())
	}
	if res := w.vpngate(nil, "add", "--url", url, plan.ServerAddr.String(), "--json"); res.Code != 0 || !strings.Contains(res.Stdout, `"added": false`) {
		t.Errorf("the second time (exit status %d): %s", res.Code, res.Text())
	}

	// Nobody has vouched for the relay: without an answer there is no connection.
	if res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", name); err != nil || res.Code == 0 {
		t.Fatalf("it connected unasked: %s, %v", res.Text(), err)
	}
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	res := w.asks(name, "yes")
	if res.Code != 0 || !strings.Contains(res.Text(), colons(fingerprint)) {
		t.Fatalf("nmcli --ask with yes typed (exit status %d) said, without the fingerprint %s:\n%s", res.Code, fingerprint, res.Text())
	}
	w.pings(plan.NATGateway)
	w.resolves("www.public.test", plan.EverywhereWeb)
	w.down(name)

	// From now on it is this relay, unasked, and no other.
	w.ok(w.Desktop.Up(w.ctx, name))
	w.down(name)
	w.ok(w.Server.NewCert(w.ctx))
	if res := w.asks(name, "yes", "yes"); res.Code == 0 {
		t.Errorf("it connected to a relay with another certificate: %s", res.Text())
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
}

func TestRelayAddedByAnOrdinaryUserIsTheirs(t *testing.T) {
	w := network(t)
	url := w.relays()
	person := []string{"setpriv", "--reuid=" + netns.PersonName, "--regid=" + netns.PersonName, "--init-groups"}
	if res := w.vpngate(person, "add", "--url", url); res.Code != 0 {
		t.Fatalf("add (exit status %d): %s", res.Code, res.Text())
	}
	if got := w.get("VPN Gate JP 203.0.113.10", "connection.permissions"); got != `user\:`+netns.PersonName { // nmcli escapes the colon
		t.Errorf("the connection belongs to %q", got)
	}
}
