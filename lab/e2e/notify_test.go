// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/gui"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// A person at GNOME reads why, and what to do, in place of "Activation of network connection failed"; and that the
// connection is lost, and back.
func TestGNOMESaysWhyAConnectionFailed(t *testing.T) {
	w := freshNetwork(t)
	shell, err := w.Desktop.StartShell(w.ctx)
	w.ok(err)
	w.ok(shell.StartNotifier(w.ctx))
	// A notification is shown for some seconds, and then stands in the list that Super+V opens and closes.
	shows := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			w.ok(shell.PressUntil(w.ctx, "the notification "+text, func() error { return shell.Some("notification", text) }, gui.KeySuper, 'v'))
		}
	}
	v := w.profile("Work", "NOSUCHHUB", softether.Alice)
	w.ok(w.Desktop.Add(w.ctx, v))
	w.ok(shell.FlipVPN(w.ctx, "Work"))
	w.ok(shell.PressUntil(w.ctx, "the end of the menu with the switch", func() error { return shell.None("toggle button", "Work") }, gui.KeyEscape))
	shows("VPN “Work” could not connect", "There is no virtual hub “NOSUCHHUB” on "+plan.ServerName)
	w.photo("shell-notification", shell.TopPicture)

	_, err = w.Desktop.MustNMCLI(w.ctx, "connection", "modify", "Work", "+vpn.data", "hub="+softether.HubOffice)
	w.ok(err)
	w.ok(w.Desktop.Up(w.ctx, "Work"))
	w.ok(shell.AwaitNone(w.ctx, "notification", "could not connect"))
	w.ok(w.Server.Kill(w.ctx))
	shows("VPN “Work”: connection lost")
	w.ok(w.Server.Start(w.ctx))
	shows("VPN “Work”: connected again")
}

// notifications is a desktop's server that hands on what it is to show.
type notifications chan string

func (notifications) GetCapabilities() ([]string, *dbus.Error) { return []string{"body"}, nil }
func (n notifications) Notify(_ string, _ uint32, _, title, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	n <- title + "\n" + body
	return 1, nil
}
func (notifications) CloseNotification(uint32) *dbus.Error { return nil }

// desktopShows starts a desktop session, and returns what is to be shown there.
func (w *world) desktopShows() (*desktop.Shell, notifications) {
	w.t.Helper()
	session, err := w.Desktop.StartSession(w.ctx)
	w.ok(err)
	shown := make(notifications, 100)
	const name, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
	w.ok(session.Bus().Export(shown, path, name))
	_, err = session.Bus().RequestName(name, dbus.NameFlagDoNotQueue)
	w.ok(err)
	return session, shown
}

// What nmcli, a desktop and the log say of a mistake: each in the place where a person meets it.
func TestAMistakeIsNamedWhereverAPersonLooks(t *testing.T) {
	w := freshNetwork(t)
	session, shown := w.desktopShows()
	w.ok(session.StartNotifier(w.ctx))

	silent := servers.OfficeDHCP()
	silent.Silent = true
	w.ok(w.Office.Configure(w.ctx, silent))
	with := func(changes ...string) desktop.VPN {
		v := w.profile("Work", softether.HubOffice, softether.Alice)
		for _, c := range changes {
			key, value, _ := strings.Cut(c, "=")
			if key == "password" {
				v.Password = value
			} else {
				v.Data[key] = value
			}
		}
		return v
	}
	expired := w.profile("Work", softether.HubOffice, softether.Expired)
	for _, tc := range []struct {
		mistake           string
		v                 desktop.VPN
		nmcli, shown, log string
	}{
		{"no such hub", with("hub=NOHUB"), connectFailed, "There is no virtual hub “NOHUB” on vpn.lab.test.", "HUB_NOT_FOUND"},
		{"closed port", with("gateway=203.0.113.10:444"), connectFailed, "Nothing listens on that port of 203.0.113.10:444.", "refused"},
		{"name with a typing error", with("gateway=vnp.lab.test"), connectFailed, "There is no host named vnp.lab.test.", "vnp.lab.test"},
		{"another certificate", with("server-cert-sha256=" + strings.Repeat("00", 32)), connectFailed, "presents another certificate than the one you trust", "not the pinned one"},
		{"account that has expired", expired, connectFailed, "the account has expired or is disabled", "ACCESS_DENIED"},
		{"certificate that is no file", with("auth-type=certificate", "cert=/etc/none.crt", "key=/etc/none.key"), connectFailed, "There is no file /etc/none.crt.", "no such file"},
		{"key that has no value", with("port=99999"), startFailed, "port:", "port"},
		{"user name as for L2TP", with("user=alice@OFFICE", "password=x"), noSecrets, "“OFFICE” as the virtual hub", "user@hub"},
		{"no user name", with("user="), connectFailed, "user", "user is not set"},
		{"no DHCP server", ipv4Only(with()), badConfig, "no DHCP server answered in the virtual hub “OFFICE”", "SecureNAT"},
		{"wrong password, and nobody to ask", with("password=wrong"), noSecrets, "did not accept user “alice” with this password", "AUTH_FAILED"},
		{"no password, and nobody to ask", with("password="), noSecrets, `nmcli --ask connection up "Work"`, ""},
		{"unknown certificate, and nobody to ask", with("server-cert-sha256="), noSecrets, "The identity of vpn.lab.test could not be verified", "self-signed"},
	} {
		t.Run(tc.mistake, func(t *testing.T) {
			w := enter(t, w.Lab)
			w.refused(tc.v, tc.nmcli, tc.log)
			select {
			case got := <-shown:
				if !strings.HasPrefix(got, "VPN “Work” could not connect\n") || !strings.Contains(got, tc.shown) {
					t.Errorf("the desktop shows %q, want %q", got, tc.shown)
				}
			case <-time.After(perTest / 4):
				t.Errorf("the desktop shows nothing, want %q", tc.shown)
			}
		})
	}
	select {
	case got := <-shown:
		t.Errorf("the desktop shows one more: %q", got)
	default:
	}
}

// Nobody is told of other people's profiles.
func TestOtherPeoplesConnectionsAreNotAnnounced(t *testing.T) {
	w := freshNetwork(t)
	session, shown := w.desktopShows()
	w.ok(session.StartNotifier(w.ctx))

	w.refused(w.profile("Secret", "NOHUB", softether.Alice, "connection.permissions", "user:nobody"), connectFailed, "HUB_NOT_FOUND")
	w.refused(w.profile("Work", "NOHUB", softether.Alice), connectFailed, "HUB_NOT_FOUND")
	select {
	case got := <-shown:
		if !strings.Contains(got, "Work") {
			t.Errorf("first shown is %q", got)
		}
	case <-time.After(perTest / 4):
		t.Error("nothing is shown")
	}
}

// The session starts what is installed.
func TestDesktopsStartTheNotifier(t *testing.T) {
	stage := installed(t)
	entry, err := os.ReadFile(filepath.Join(stage, "etc/xdg/autostart/nm-softether-notify.desktop"))
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(entry), "\nExec=")
	program, _, _ = strings.Cut(program, "\n")
	if info, err := os.Stat(filepath.Join(stage, program)); err != nil || info.Mode()&0o111 != 0o111 {
		t.Error(errors.Join(err, errors.New("it cannot be started")))
	}
}
