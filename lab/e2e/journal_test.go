// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// adviceOf is what nmcli tells a person to do whose connection failed.
var adviceOf = regexp.MustCompile(`journalctl -xe NM_CONNECTION=\S+ \+ NM_DEVICE=[^' ]+`)

// TestNMCLIsAdviceShowsTheRemedy follows nmcli's own words after a failure, on the configuration that Debian ships.
func TestNMCLIsAdviceShowsTheRemedy(t *testing.T) {
	w := network(t)
	for _, c := range []struct {
		what string
		vpn  desktop.VPN
		want []string
	}{
		{"the port is closed", w.at("203.0.113.10:444"), []string{"VPN connection failed", "203.0.113.10:444", "refused"}},
		{"the hub is not there", w.profile("no hub", "NOSUCHHUB", softether.Alice), []string{"VPN connection failed", "NOSUCHHUB", "; remedy: "}},
		{"a key has a bad value", w.with("bad value", "port", "99999"), []string{"VPN connection failed", "port", "99999"}},
		{"a key is unknown, and the connection fails before it is used", w.with("odd", "gatewy", "x", "port", "99999"), []string{"gatewy"}},
		{"nobody can be asked for the password", w.without("asked for"), []string{"password", `remedy: nmcli --ask connection up "asked for"`}},
		{
			"nobody can be asked, and a secret is where everybody can read it",
			w.without("leaky", "password", "hunter2"),
			[]string{"profile: password", "nobody could be asked"},
		},
	} {
		w.ok(w.Desktop.Add(w.ctx, c.vpn))
		res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", c.vpn.Name)
		w.ok(err)
		advice := adviceOf.FindString(res.Text())
		if res.Code == 0 || advice == "" {
			t.Errorf("%s: nmcli (exit status %d) advises nothing: %s", c.what, res.Code, res.Text())
			continue
		}
		w.ok(w.Desktop.AwaitGone(w.ctx))
		_, err = w.Desktop.Must(w.ctx, "journalctl", "--sync")
		w.ok(err)
		shown, err := w.Desktop.Must(w.ctx, strings.Fields(advice)...)
		w.ok(err)
		for _, want := range c.want {
			if !strings.Contains(ours(shown), want) {
				t.Errorf("%s: %s does not show %q, but:\n%s", c.what, advice, want, shown)
			}
		}
		if strings.Contains(ours(shown), "hunter2") {
			t.Errorf("%s: a secret is in the journal", c.what)
		}
	}
}

// ours are the lines of the plugin's service in what journalctl shows.
func ours(shown string) string {
	var lines []string
	for line := range strings.Lines(shown) {
		if strings.Contains(line, "nm-softether-service[") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// with is Alice's profile with more keys and values.
func (w *world) with(name string, more ...string) desktop.VPN {
	w.t.Helper()
	v := w.profile(name, softether.HubOffice, softether.Alice)
	for i := 0; i < len(more); i += 2 {
		v.Data[more[i]] = more[i+1]
	}
	return v
}

// without is Alice's profile without her password, with more keys and values.
func (w *world) without(name string, more ...string) desktop.VPN {
	w.t.Helper()
	v := w.with(name, more...)
	v.Password = ""
	return v
}

// TestJournalTellsTheStoryOfAConnection: at NetworkManager's own log level a connection is a few lines, which its
// owner understands, and each is found by the connection and by the device, also after the service has given up its rights.
func TestJournalTellsTheStoryOfAConnection(t *testing.T) {
	w := freshNetwork(t)
	v := quick(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.up(v)
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", w.service()))
	w.ok(err)
	if !strings.Contains("\x00"+string(env), "\x00NM_VPN_LOG_LEVEL=0\x00") {
		t.Error("this is no NetworkManager as Debian ships it: the service is asked to log more, or less")
	}
	tap := w.tap()
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, softether.Alice))
	w.eventually("the session to be back", 30*time.Second, func() error { return w.pingOnce(plan.OfficeGateway) })
	w.down("office")

	uuid, err := w.Desktop.MustNMCLI(w.ctx, "-g", "connection.uuid", "connection", "show", "office")
	w.ok(err)
	story := []string{`connected (profile=office server=`, `cipher=TLS_`, "address=10.20.", "session lost, logging in again", "connected again, after ", "disconnecting"}
	for _, match := range []string{"NM_CONNECTION=" + strings.TrimSpace(uuid), "NM_DEVICE=" + tap} {
		shown, err := w.Desktop.Journalctl(w.ctx, "--output=short", match)
		w.ok(err)
		rest := ours(shown)
		for _, want := range story {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s shows no %q after the others, but:\n%s", match, want, shown)
				break
			}
			rest = after
		}
		if n := strings.Count(ours(shown), "\n"); n > 12 {
			t.Errorf("%d lines for a connection that was lost once:\n%s", n, ours(shown))
		}
	}
	errors, err := w.Desktop.Journalctl(w.ctx, "--output=cat", "--priority=err", "--identifier=nm-softether-service")
	w.ok(err)
	if errors != "" {
		t.Errorf("nothing failed, but there are lines of priority err: %s", errors)
	}
}
