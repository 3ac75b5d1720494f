// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/softether"
)

func TestServiceListensOnNothingAndStartsNoProgram(t *testing.T) {
	w := network(t)
	w.up(quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
	w.pings(plan.OfficeInner)
	check := func(when string) {
		t.Helper()
		pid := w.service()
		sockets, err := procfs.Listening(pid)
		w.ok(err)
		if len(sockets) > 0 {
			t.Errorf("%s, the service listens: %v", when, sockets)
		}
		had, err := procfs.HadChildren(pid)
		w.ok(err)
		if kids := procfs.Children(pid); len(kids) > 0 || had {
			t.Errorf("%s, the service has the children %v, or had some (%t)", when, kids, had)
		}
	}
	check("connected")
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	check("without a session")
	w.flows(20 * time.Second)
	check("connected again")
	w.down("office")
}

func TestNoSecretReachesTheLog(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	v.Password = "very-secret-typo"
	w.ok(w.Desktop.Add(w.ctx, v))
	if res := w.asks("office", ctrlU+softether.Alice.Password); res.Code != 0 {
		t.Fatal(res.Text())
	}
	w.down("office")
	for line := range strings.Lines(w.Desktop.NMLog(0)) {
		if strings.HasPrefix(line, "<") {
			continue // NetworkManager's own, at level debug
		}
		for _, secret := range []string{v.Password, softether.Alice.Password} {
			if strings.Contains(line, secret) {
				t.Errorf("the service logged a password: %s", line)
			}
		}
	}
}

func TestServerSeesOneEncryptedSession(t *testing.T) {
	w := freshNetwork(t) // a server keeps the session of a client that left until its time-out
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	sessions, err := w.Server.Sessions(w.ctx, softether.HubOffice, softether.Alice)
	w.ok(err)
	if len(sessions) != 1 {
		t.Errorf("the server has the sessions %v", sessions)
	}
	for _, want := range []string{`Client name: "network-manager-softether"`, "Use of encryption: Yes", `Client host name: ""`} {
		if log := w.Server.Log(40); !strings.Contains(log, want) {
			t.Errorf("the server's log lacks %q: %s", want, log)
		}
	}
	w.down("office")
}
