// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A person does what nm-softether-strict tells them to do.
func TestWhatTheStrictProgramSaysHelps(t *testing.T) {
	w := freshNetwork(t)
	dir, err := desktop.Stage()
	w.ok(err)
	fails := func(want string, args ...string) {
		t.Helper()
		res, err := w.Desktop.Run(w.ctx, netns.Command{Args: append([]string{filepath.Join(dir, "usr/bin/nm-softether-strict")}, args...)})
		if err != nil || res.Code != 1 || !strings.Contains(res.Stderr, want) {
			t.Errorf("%v: %v, exit status %d, want %q: %s", args, err, res.Code, want, res.Text())
		}
	}
	// follow types the commands that the program has printed, each in a line of its own.
	follow := func(said string) {
		t.Helper()
		n := 0
		for line := range strings.Lines(said) {
			if command, ok := strings.CutPrefix(line, "  nmcli "); ok {
				_, err := w.Desktop.MustNMCLI(w.ctx, strings.Fields(command)...)
				w.ok(err)
				n++
			}
		}
		if n == 0 {
			t.Errorf("nothing to do is said: %s", said)
		}
	}
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))

	t.Log("turned on and off while connected")
	w.ok(w.Desktop.Up(w.ctx, "office"))
	follow(w.strictly("on", "office"))
	w.pings(plan.OfficeInner)
	w.blocked()
	follow(w.strictly("off", "office"))
	w.pings(plan.OfficeInner)
	w.down("office")
	if said := w.strictly("off", "office"); strings.Contains(said, "nmcli") {
		t.Errorf("while nothing is connected: %s", said)
	}

	t.Log("a profile is deleted")
	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "clone", "office", "gone")
	w.ok(err)
	uuid, err := w.Desktop.MustNMCLI(w.ctx, "-g", "connection.uuid", "connection", "show", "gone")
	w.ok(err)
	uuid = strings.TrimSpace(uuid)
	w.strictly("on", "gone")
	if said := w.strictly("on", "office") + w.strictly("off", "office"); !strings.Contains(said, "still blocked for other connections: gone\n") {
		t.Errorf("another one is not named: %s", said)
	}
	session, shown := w.desktopShows()
	w.ok(session.StartNotifier(w.ctx))
	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "delete", "gone")
	w.ok(err)
	fails("named “gone”\nTraffic is still blocked for other connections: "+uuid, "off", "gone")
	select {
	case got := <-shown:
		if !strings.HasPrefix(got, "Traffic outside VPNs is blocked.\n") || !strings.HasSuffix(got, "nm-softether-strict off "+uuid) {
			t.Errorf("the desktop shows %q", got)
		}
	case <-time.After(hung):
		t.Error("the desktop does not say why there is no network")
	}
	w.blocked()
	w.strictly("off", uuid)
	w.opened()

	t.Log("servers that are none")
	for gateway, want := range map[string]string{"https://" + plan.ServerName: "this is a URL", "127.0.0.1": "is not the address of a server"} {
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", "office", "+vpn.data", "gateway="+gateway)
		w.ok(err)
		fails(want, "on", "office")
	}
}
