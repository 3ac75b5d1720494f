// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// applet brings a connection up on a desktop whose secret agent is nm-applet, see testdata/prompt.py for the steps of
// the person before it.
func (w *world) applet(name string, steps ...string) {
	w.t.Helper()
	w.appletIn(nil, name, steps...)
}

func (w *world) appletIn(env []string, name string, steps ...string) {
	w.t.Helper()
	script, err := filepath.Abs("testdata/prompt.py")
	w.ok(err)
	ctx, cancel := context.WithTimeout(w.ctx, 110*time.Second)
	defer cancel()
	agents, stop, err := w.Desktop.WatchAgents(ctx)
	w.ok(err)
	defer func() { w.ok(stop()) }()
	res, err := w.Desktop.Run(ctx, netns.Command{
		Args: append([]string{"dbus-run-session", "--", "xvfb-run", "-a", "-s", "-screen 0 1024x600x24", "/usr/bin/python3", script, agents, name}, steps...),
		Env:  append([]string{"GSETTINGS_BACKEND=memory", "GDK_BACKEND=x11", "PYTHONDONTWRITEBYTECODE=1", "HOME=" + w.t.TempDir(), "XDG_RUNTIME_DIR=" + w.t.TempDir()}, env...),
	})
	w.ok(err)
	if res.Code != 0 {
		w.t.Fatal(res.Text())
	}
}

// asking is a profile whose password the agent keeps, and does not have yet.
func (w *world) asking() desktop.VPN {
	w.t.Helper()
	v := w.profile("office", softether.HubOffice, softether.Alice)
	v.Password, v.Data["password-flags"] = "", "1"
	return v
}

func TestNMAppletAsksForThePasswordAndKeepsIt(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.asking()))
	w.applet("office", "Password="+softether.Alice.Password, "!OK", "up", "again", "up")
	w.pings(plan.OfficeGateway)
	w.down("office")
}

func TestNMAppletAsksAgainAfterAWrongPassword(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.asking()))
	w.applet("office", "Password=wrong", "!OK", "?did not accept this user name or password", "Password="+softether.Alice.Password, "!OK", "up", "again", "up")
	w.down("office")
}

func TestNMAppletAsksAboutACertificateOnce(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	w.applet("trust", "?SHA-256", "?Type “yes”", "Trust this server? (yes/no)=yes", "!OK", "up", "again", "up")
	w.down("trust")
}

func TestCancelInNMAppletCancels(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.asking()))
	w.applet("office", "!Cancel", "failed")
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
}
