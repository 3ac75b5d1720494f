// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// busUser is whom the system bus takes the one service for, and with it polkit, systemd and NetworkManager.
func (w *world) busUser() (uid uint32) {
	w.t.Helper()
	w.ok(w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixUser", 0, serviceName(w)).Store(&uid))
	return uid
}

// Whoever takes the service over holds its connection to the system bus, too. The bus must not take it for root.
func TestTheBusDoesNotTakeTheServiceForRoot(t *testing.T) {
	w := network(t)
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	w.up(quick(v))
	w.pings(plan.OfficeInner)
	if uid := w.busUser(); uid != netns.ServiceUser {
		t.Errorf("the bus takes the service for user %d, want %d", uid, netns.ServiceUser)
	}
	creds := make(map[string]any)
	w.ok(w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.GetConnectionCredentials", 0, serviceName(w)).Store(&creds))
	if groups, ok := creds["UnixGroupIDs"]; ok && strings.Contains(" "+strings.Trim(fmt.Sprint(groups), "[]")+" ", " 0 ") {
		t.Errorf("the bus takes the service for a member of the groups %v", groups)
	}
	// What root may ask for is not for that user.
	for _, ask := range []struct {
		refusal string
		args    []string
	}{
		{"nsufficient privileges", []string{"connection", "modify", "office", "connection.autoconnect-priority", "7"}},
		{"ot authorized", []string{"connection", "down", "office"}},
	} {
		if res := w.as(netns.ServiceUser, "", ask.args...); !strings.Contains(res.Text(), ask.refusal) {
			t.Errorf("the service's user may %v: %s", ask.args, res.Text())
		}
	}
	if res := w.as(netns.ServiceUser, "", "--show-secrets", "connection", "show", "office"); strings.Contains(res.Text(), softether.Alice.Password) {
		t.Errorf("the service's user sees the password: %s", res.Text())
	}
	// nmcli loses secrets that it was sent when it hears at the same time that the profile has changed, as by its use.
	w.eventually("root to see the password", 5*time.Second, func() error {
		if res := w.as(0, "", "--show-secrets", "connection", "show", "office"); !strings.Contains(res.Text(), softether.Alice.Password) {
			return fmt.Errorf("not in: %s", res.Text())
		}
		return nil
	})
	w.down("office")

	// To take back what a person types in place of a yes, the service has a second connection until the certificate is accepted.
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	if res := w.asks("trust", "yes"); res.Code != 0 {
		t.Fatal(res.Text())
	}
	w.eventually("the service to have no connection to the bus that is root's", 5*time.Second, func() error {
		var names []string
		if err := w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
			return err
		}
		seen := 0
		for _, name := range names {
			creds := make(map[string]any)
			if !strings.HasPrefix(name, ":") || w.Desktop.Bus.BusObject().Call("org.freedesktop.DBus.GetConnectionCredentials", 0, name).Store(&creds) != nil {
				continue // it has left
			}
			if fmt.Sprint(creds["ProcessID"]) != fmt.Sprint(w.service()) {
				continue
			}
			if seen++; fmt.Sprint(creds["UnixUserID"]) != fmt.Sprint(netns.ServiceUser) {
				return fmt.Errorf("%s of the service is on the bus as %v", name, creds)
			}
		}
		return is("the number of its connections", seen, 1, nil)
	})
	w.down("trust")
}

// Right after an upgrade the bus may not know the service's user yet, or there is none: the VPN works all the same, and
// the journal says what is to be done.
func TestWithoutItsUserTheServiceSaysSoAndWorks(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.conf")
	w := freshNetwork(t, func(o *lab.Options) {
		text, err := os.ReadFile(o.Policy)
		if err != nil {
			t.Fatal(err)
		}
		old := strings.Replace(string(text), `<policy user="nm-softether">`, `<policy user="daemon">`, 1)
		if old == string(text) {
			t.Fatalf("no rule for the service's user:\n%s", text)
		}
		if err := os.WriteFile(policy, []byte(old), 0o644); err != nil {
			t.Fatal(err)
		}
		o.Policy = policy
	})
	v := quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	works := func(when string, lines ...string) {
		t.Helper()
		mark := w.Desktop.NMLogMark()
		w.ok(w.Desktop.Up(w.ctx, v.Name))
		w.pings(plan.OfficeInner)
		w.ok(w.withoutRights())
		if uid := w.busUser(); uid != 0 {
			t.Errorf("%s the bus takes the service for user %d", when, uid)
		}
		w.eventually("a line about it "+when, 5*time.Second, func() error {
			log := w.Desktop.NMLog(mark)
			for _, line := range append(lines, "takes this service for root", "run systemd-sysusers") {
				if !strings.Contains(log, line) {
					return fmt.Errorf("not %q in:\n%s", line, log)
				}
			}
			return nil
		})
		w.down(v.Name)
	}
	w.ok(w.Desktop.Add(w.ctx, v))
	works("while the policy does not know the user", "refuses the name")
	passwd, err := os.ReadFile(w.Desktop.Path("/etc/passwd"))
	w.ok(err)
	w.ok(w.Desktop.WriteFile("/etc/passwd", strings.ReplaceAll(string(passwd), "nm-softether:", "somebody-else:")))
	works("while there is no user", "there is no user nm-softether", "going on as one without a name")
}
