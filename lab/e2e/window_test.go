// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// ownWindow is a network whose agents let the password dialog show its own window.
func ownWindow(t *testing.T) *world {
	t.Helper()
	return freshNetwork(t, func(o *lab.Options) { o.OwnWindow = true })
}

// picture is a step that photographs the window, into the folder LAB_SCREENSHOTS if there is one.
func picture(t *testing.T, name string) string {
	dir := os.Getenv("LAB_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	return "picture:" + filepath.Join(dir, name+".png")
}

func TestOurWindowAsksForThePassword(t *testing.T) {
	w := ownWindow(t)
	w.ok(w.Desktop.Add(w.ctx, w.asking()))
	w.applet("office",
		"?Enter the password of user “"+softether.Alice.Name+"”", "dead:Connect", picture(t, "dialog-password"), "Password=wrong", "key:Return",
		"?did not accept this user name or password", "dead:Connect", picture(t, "dialog-wrong"),
		"Password="+softether.Alice.Password, "reads:Password=●", "!Show what is typed", "reads:Password="+softether.Alice.Password, "!Connect", "up", "again", "up")
	w.pings(plan.OfficeGateway)
	w.down("office")
}

func TestOurWindowAsksAboutACertificateOnce(t *testing.T) {
	w := ownWindow(t)
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	w.applet("trust", "?Trust this server?", "?"+plan.ServerName, "?Issued to", "?Issued by", "?Valid", "?"+colons(fingerprint)[:48],
		picture(t, "dialog-certificate"), "key:Alt+t", "up", "again", "up")
	w.down("trust")
}

// colons writes a fingerprint as the window does.
func colons(sum string) string {
	s := ""
	for i := 0; i < len(sum); i += 2 {
		s += strings.ToUpper(sum[i:i+2]) + ":"
	}
	return strings.TrimSuffix(s, ":")
}

func TestOurWindowIsCancelled(t *testing.T) {
	for _, tc := range []struct{ name, step string }{
		{"with the button", "!Cancel"},
		{"with Escape", "key:Escape"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := ownWindow(t)
			w.ok(w.Desktop.Add(w.ctx, w.asking()))
			w.applet("office", "?Enter the password", tc.step, "failed")
			w.ok(w.Desktop.AwaitGone(w.ctx))
			w.baseIntact()
		})
	}
}

func TestOurWindowGoesWhenTheAgentGoes(t *testing.T) {
	w := network(t)
	const agent = `{ printf 'DATA_KEY=user\nDATA_VAL=alice\n\nDONE\n'; sleep 4; } | xvfb-run -a "$0" -u 1 -n office -i -s org.freedesktop.NetworkManager.softether`
	res, err := w.Desktop.Run(w.ctx, netns.Command{Args: []string{"sh", "-c", agent, w.AuthDialog()}, Env: []string{"GDK_BACKEND=x11", "HOME=" + t.TempDir(), "XDG_RUNTIME_DIR=" + t.TempDir()}})
	w.ok(err)
	if res.Code != 1 || res.Stdout != "" || strings.Contains(res.Stderr, "needs an answer") {
		t.Errorf("exit status %d after %v, want 1 when the agent is gone: %s", res.Code, res.Took, res.Text())
	}
}

// An Enter that was meant for another window must not be a yes.
func TestEnterDoesNotTrustAServer(t *testing.T) {
	w := ownWindow(t)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	w.applet("trust", "?Trust this server?", "key:Return", "failed")
	w.ok(w.Desktop.AwaitGone(w.ctx))
}

// Pictures of the window in the dark theme, for those who change it.
func TestOurWindowInTheDark(t *testing.T) {
	w := ownWindow(t)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	w.ok(w.Desktop.Add(w.ctx, w.asking()))
	dark := []string{"GTK_THEME=Adwaita:dark"}
	w.appletIn(dark, "trust", "?Trust this server?", picture(t, "dialog-certificate-dark"), "!Cancel", "failed")
	w.appletIn(dark, "office", "?Enter the password", picture(t, "dialog-password-dark"), "!Cancel", "failed")
}

// GNOME Shell and nmcli draw the question themselves, and nmcli has no display at all.
func TestDialogTouchesNoDisplayWhenTheAgentDraws(t *testing.T) {
	w := network(t)
	display, err := net.Listen("unix", "@/tmp/.X11-unix/X97") // where X clients look first
	w.ok(err)
	defer display.Close()
	touched := make(chan bool, 10)
	go func() {
		for {
			c, err := display.Accept()
			if err != nil {
				return
			}
			touched <- true
			c.Close()
		}
	}()
	for _, tc := range []struct {
		args string
		want bool
	}{
		{"--external-ui-mode", false},
		{"", true},
	} {
		ctx, cancel := context.WithTimeout(w.ctx, hung)
		defer cancel()
		dialog := exec.CommandContext(ctx, w.AuthDialog(), strings.Fields("-u 1 -n office -i -s org.freedesktop.NetworkManager.softether "+tc.args)...)
		dialog.Env = []string{"DISPLAY=:97", "GDK_BACKEND=x11"}
		dialog.Stdin = strings.NewReader("DATA_KEY=user\nDATA_VAL=alice\n\nDONE\n")
		out, err := dialog.Output()
		select {
		case <-touched:
			if !tc.want {
				t.Errorf("%q: it connected to the display", tc.args)
			}
		default:
			if tc.want {
				t.Errorf("%q: it did not try the display: %s, %v", tc.args, out, err)
			}
		}
		if (err == nil) == tc.want {
			t.Errorf("%q: %s, %v", tc.args, out, err)
		}
	}
}
