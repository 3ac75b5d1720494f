// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/gui"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// settings is the network page of GNOME Settings in a session with GNOME Shell.
type settings struct {
	w      *world
	shell  *desktop.Shell
	screen *gui.Screen // its windows alone
}

// Places of the pages of a connection.
const identity = 1

func (w *world) settings(shell *desktop.Shell, env ...string) settings {
	w.t.Helper()
	// Drawing without OpenGL, which is slow where it is imitated.
	p, err := shell.Start("settings", netns.Command{Args: []string{"gnome-control-center", "network"}, Env: append(env, "GSK_RENDERER=cairo")})
	w.ok(err)
	w.t.Cleanup(func() {
		w.ok(p.Stop(w.ctx, syscall.SIGTERM))
		if w.t.Failed() {
			w.t.Log(p.Tail(20))
		}
	})
	return settings{w, shell, shell.Program("gnome-control-center")}
}

func (s settings) find(role, text string) *gui.Widget {
	s.w.t.Helper()
	found, err := s.screen.Find(s.w.ctx, role, text)
	s.w.ok(err)
	return found
}

// presses presses a button, once it can be pressed.
func (s settings) presses(role, text string) {
	s.w.t.Helper()
	s.awaits(role, text, true)
	s.w.ok(s.find(role, text).Press())
}

// awaits waits until a button can be pressed, or cannot.
func (s settings) awaits(role, text string, on bool) {
	s.w.t.Helper()
	s.w.eventually(fmt.Sprintf("%s %q", role, text), perTest/4, func() error {
		return is("whether it can be pressed", s.find(role, text).Is(gui.StateSensitive), on, nil)
	})
}

// types replaces what is in fields; each is "field=text".
func (s settings) types(fields ...string) {
	s.w.t.Helper()
	for _, f := range fields {
		name, text, _ := strings.Cut(f, "=")
		s.w.ok(s.find("text box", name).SetText(text))
	}
}

// adds opens a row of the list of what can be added; then something of that role and text is showing.
func (s settings) adds(row, role, text string) {
	s.w.t.Helper()
	s.presses("button", "Add connection|Add VPN") // in GNOME 43, and in 48
	s.w.ok(s.screen.MoveTo(s.w.ctx, gui.KeyDown, gui.KeyUp, "list item", row))
	s.w.ok(s.screen.PressUntil(s.w.ctx, row, func() error { return s.screen.Some(role, text) }, gui.KeyReturn))
}

// picks answers the file chooser that is open or about to be. A key or a press can be lost while the chooser opens or looks
// at what was typed, so all of it is done again until the chooser is gone.
func (s settings) picks(file string) {
	s.w.t.Helper()
	s.find("button", "Open")
	chooser := s
	chooser.screen = s.screen.Top() // not a field of the page below
	// The field for a path comes and goes with this key, and is before the one for a server's address, which is always there.
	typing := func() error {
		if err := chooser.screen.Some("text box", ""); err != nil {
			return err
		}
		field, err := chooser.screen.Find(s.w.ctx, "text box", "")
		if err != nil {
			return err
		}
		return is("whether the keyboard is in the field for a path", field.Is(gui.StateFocused), true, nil)
	}
	gone := func() error { return s.screen.None("button", "Open") }
	for try := 0; gone() != nil; try++ {
		if typing() != nil {
			s.w.ok(s.screen.PressUntil(s.w.ctx, "the field for a path", typing, gui.KeyControl, 'l'))
		}
		chooser.types("=" + file)
		s.presses("button", "Open")
		if err := netns.Await(s.w.ctx, "the file chooser to be gone", 5*time.Second, gone); try == 5 {
			s.w.ok(err)
		}
	}
}

// opens opens the page of the only connection.
func (s settings) opens() {
	s.w.t.Helper()
	s.presses("button", "Options")
	s.turns()
}

// turns turns to the page with our settings, which comes later than others, and before them.
func (s settings) turns() {
	s.w.t.Helper()
	s.find("tab", "Identity")
	s.w.eventually("the page to be shown", perTest/4, func() error {
		if s.find("tab", "Identity").Is(gui.StateSelected) {
			return nil // alone, where GNOME 43 adds a connection
		}
		if err := s.find("tab list", "").Choose(identity); err != nil {
			return err
		}
		return is("whether it is chosen", s.find("tab", "Identity").Is(gui.StateSelected), true, nil)
	})
}

// saved waits until NetworkManager has all of these in vpn.data.
func (s settings) saved(name string, items ...string) {
	s.w.t.Helper()
	s.w.eventually("the connection to be saved", perTest/4, func() error {
		data, err := s.w.Desktop.MustNMCLI(s.w.ctx, "-g", "vpn.data", "connection", "show", name)
		for _, item := range items {
			if !strings.Contains(data, item) {
				err = errors.Join(err, fmt.Errorf("vpn.data lacks %s: %s", item, data))
			}
		}
		return err
	})
}

// One person, one session, one errand after the other.
func TestGNOMESettings(t *testing.T) {
	w := freshNetwork(t)
	shell, err := w.Desktop.StartShell(w.ctx)
	w.ok(err)
	for name, test := range map[string]func(*world, *desktop.Shell){
		"a person adds a connection and switches it on": addsInSettings,
		"a person edits a connection":                   editsInSettings,
		"wrong input cannot be saved":                   errsInSettings,
		"a person imports a file":                       importsInSettings,
		"a person has a certificate and its key read":   readsInSettings,
	} {
		t.Run(name, func(t *testing.T) { test(enter(t, w.Lab), shell) })
	}
}

func addsInSettings(w *world, shell *desktop.Shell) {
	s := w.settings(shell)
	s.adds("SoftEther", "tab", "Identity")
	s.turns()
	s.awaits("button", "Add", false)
	s.types("Name=Office", "Server="+plan.ServerName, "Virtual hub="+softether.HubOffice, "User name="+softether.Alice.Name, "Password="+softether.Alice.Password)
	w.photo("settings-page", shell.WindowPicture)
	s.presses("button", "Add")
	s.saved("Office", "gateway = "+plan.ServerName, "hub = "+softether.HubOffice, "user = "+softether.Alice.Name)
	w.eventually("the password to be saved", perTest/4, func() error {
		return is("what is saved", w.get("Office", "vpn.secrets"), "password = "+softether.Alice.Password, nil)
	})
	s.presses("switch", "Office")
	p := prompt{w, shell, "Office"}
	p.awaits("self-signed")
	p.types("yes")
	w.comesUp("Office")
}

func editsInSettings(w *world, shell *desktop.Shell) {
	v := w.profile("Office", softether.HubNAT, softether.Alice)
	v.Data["made-up"] = "kept"
	w.ok(w.Desktop.Add(w.ctx, v))
	s := w.settings(shell, "ADW_DEBUG_COLOR_SCHEME=prefer-dark")
	s.opens()
	s.awaits("button", "Apply", false)
	s.types("Virtual hub="+softether.HubOffice, "User name=bob")
	s.w.ok(s.find("combo box", "Authentication").Choose(1))
	s.presses("button", "Transport")
	s.types("Number of TCP connections=4")
	s.ticks("Use data compression", 'm')
	w.photo("settings-page-dark", shell.WindowPicture)
	s.presses("button", "Apply")
	s.saved("Office", "hub = "+softether.HubOffice, "user = bob", "auth-type = plain-password", "max-connections = 4", "compression = yes",
		"made-up = kept", "server-cert-sha256 = "+v.Data["server-cert-sha256"])
}

// ticks turns a check button by Alt and a letter.
func (s settings) ticks(text string, letter uint32) {
	s.w.t.Helper()
	before := s.find("checkbox", text).Is(gui.StateChecked)
	s.w.ok(s.screen.PressUntil(s.w.ctx, "the tick at "+text, func() error {
		return is("whether it is there", s.find("checkbox", text).Is(gui.StateChecked), !before, nil)
	}, gui.KeyAlt, letter))
}

func errsInSettings(w *world, shell *desktop.Shell) {
	w.ok(w.Desktop.Add(w.ctx, w.profile("Office", softether.HubOffice, softether.Alice)))
	s := w.settings(shell)
	s.opens()
	s.types("Port=99999")
	s.find("label", "Port: must be a number from 1 to 65535")
	s.awaits("button", "Apply", false)
	w.photo("settings-problem", shell.WindowPicture)
	s.types("Port=5555")
	s.w.ok(s.screen.AwaitNone(w.ctx, "label", "must be a number"))
	s.presses("button", "Apply")
	s.saved("Office", "port = 5555")
}

func importsInSettings(w *world, shell *desktop.Shell) {
	text, err := os.ReadFile(official(w.t, "radius-http-proxy"))
	w.ok(err)
	file, err := shell.Give("office.vpn", text)
	w.ok(err)
	s := w.settings(shell)
	s.adds("Import from file", "widget|dialog", "Select file")
	s.picks(file)
	s.turns()
	s.types("Virtual hub=OTHER")
	s.presses("button", "Add")
	s.saved("radius", "gateway = vpn.example.com", "hub = OTHER", "auth-type = plain-password", `proxy-server = proxy.example.com\:3128`)
	for _, secret := range []string{"password = pässword 密码", "proxy-password = proxypw"} {
		w.eventually(secret, perTest/4, func() error {
			return is("whether it is saved", strings.Contains(w.get("radius", "vpn.secrets"), secret), true, nil)
		})
	}
}

func readsInSettings(w *world, shell *desktop.Shell) {
	ca, err := softether.NewAuthority("User CA")
	w.ok(err)
	badge := w.newBadge(ca, "stored", time.Hour)
	w.ok(w.Server.AddCertUser(w.ctx, softether.HubOffice, "stored", []byte(badge.cert)))
	cert, err := shell.Give("stored.crt", []byte(badge.cert))
	w.ok(err)
	key, err := shell.Give("stored.key", []byte(badge.key))
	w.ok(err)
	w.ok(w.Desktop.Add(w.ctx, w.profile("Office", softether.HubOffice, softether.Alice)))
	s := w.settings(shell)
	s.opens()
	w.ok(s.find("combo box", "Authentication").Choose(2))
	s.types("User name=stored")
	for i, file := range []string{cert, key} {
		button, err := s.screen.FindNext(w.ctx, i, "button", "Choose")
		w.ok(err)
		w.ok(button.Press())
		s.picks(file)
	}
	w.photo("settings-certificate", shell.WindowPicture)
	s.presses("button", "Apply")
	s.saved("Office", "auth-type = certificate", "BEGIN CERTIFICATE", "BEGIN RSA PRIVATE KEY")
	w.ok(w.Desktop.Up(w.ctx, "Office"))
	w.pings(plan.OfficeGateway)
}
