// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

func TestEveryKindOfUserConnects(t *testing.T) {
	plain := softether.Alice
	plain.AuthType = "plain-password"
	otherCase := softether.Mixed
	otherCase.Name = strings.ToLower(otherCase.Name)
	for name, u := range map[string]softether.User{
		"password":                        softether.Alice,
		"plain password":                  plain,
		"anonymous":                       softether.Anonymous,
		"mixed-case name":                 softether.Mixed,
		"name typed in lower case":        otherCase,
		"non-ASCII password":              softether.Accented,
		"only DHCP addresses are allowed": softether.Forced,
	} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			w.up(w.profile("user", softether.HubOffice, u))
			w.pings(plan.OfficeGateway)
			w.down("user")
		})
	}
}

func TestUserNameFromTheStandardProperty(t *testing.T) {
	w := network(t)
	v := w.profile("user", softether.HubOffice, softether.Alice, "vpn.user-name", softether.Alice.Name)
	v.Data["user"] = ""
	w.up(v)
	w.pings(plan.OfficeGateway)
}

// refused connects and wants a failure: nmcli's words, a hint in the log, and nothing left.
func (w *world) refused(v desktop.VPN, wantWords, wantLog string) {
	w.t.Helper()
	mark := w.Desktop.NMLogMark()
	w.ok(w.Desktop.Add(w.ctx, v))
	res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", v.Name)
	w.ok(err)
	if res.Code == 0 || !strings.Contains(res.Text(), wantWords) {
		w.t.Errorf("nmcli said %q (exit status %d), want a failure with %q", res.Text(), res.Code, wantWords)
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(strings.ToLower(log), strings.ToLower(wantLog)) {
		w.t.Errorf("the log does not say %q:\n%s", wantLog, log)
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
}

// What nmcli says for the reasons a VPN can fail with (networkmanager.md 2.3).
const (
	loginFailed   = "Invalid secrets"
	connectFailed = "Unknown reason"
	badConfig     = "returned invalid configuration"
	startFailed   = "failed to start"
	noSecrets     = "No valid secrets"
	timedOut      = "timed out"
)

func TestServerRefusesTheUser(t *testing.T) {
	nobody := softether.User{Name: "nobody", Password: "x", AuthType: "password"}
	for name, c := range map[string]struct {
		user            softether.User
		hub, words, log string
	}{
		"expired user": {softether.Expired, softether.HubOffice, connectFailed, "expired"},
		"unknown hub":  {softether.Alice, "NOSUCHHUB", connectFailed, "HUB_NOT_FOUND"},
		"unknown user": {nobody, softether.HubOffice, noSecrets, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			w.refused(w.profile("refused", c.hub, c.user), c.words, c.log)
		})
	}
}

func TestUserWithOneLoginIsAlreadyLoggedIn(t *testing.T) {
	w := network(t)
	w.up(w.profile("first", softether.HubNAT, softether.OneLogin, "ipv4.never-default", "yes"))
	w.ok(w.Desktop.Add(w.ctx, w.profile("second", softether.HubNAT, softether.OneLogin, "ipv4.never-default", "yes")))
	res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", "second")
	w.ok(err)
	if res.Code == 0 {
		t.Error("a second session of a user with MultiLogins=1 was let in")
	}
	w.wantState("first", desktop.Activated)
	w.pings(plan.NATGateway)
}

func TestHubIsOffline(t *testing.T) {
	w := network(t)
	w.ok(w.Server.SetHub(w.ctx, softether.HubNAT, false))
	t.Cleanup(func() { w.ok(w.Server.SetHub(w.ctx, softether.HubNAT, true)) })
	w.refused(w.profile("offline", softether.HubNAT, softether.Alice), connectFailed, "hub")
}
