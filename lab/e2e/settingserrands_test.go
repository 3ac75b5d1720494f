// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// One person, one session, one errand after the other.
func TestGNOMESettings(t *testing.T) {
	w := freshNetwork(t)
	shell, err := w.Desktop.StartShell(w.ctx)
	w.ok(err)
	w.ok(shell.StartNotifier(w.ctx))
	for name, test := range map[string]func(*world, *desktop.Shell){
		"a person adds a connection and switches it on": addsInSettings,
		"a person edits a connection":                   editsInSettings,
		"a person blocks traffic outside the VPN":       blocksInSettings,
		"wrong input cannot be saved":                   errsInSettings,
		"a person imports a file":                       importsInSettings,
		"a person has a certificate and its key read":   readsInSettings,
	} {
		t.Run(name, func(t *testing.T) { test(enter(t, w.Lab), shell) })
	}
}

func addsInSettings(w *world, shell *desktop.Shell) {
	s := w.settings(shell)
	s.adds("SoftEther", "tab", "")
	s.turns()
	s.awaits("button", "Add", false)
	s.types("Name=Office", "Server="+plan.ServerName, "Virtual hub="+softether.HubOffice, "User name="+softether.Alice.Name, "Password="+softether.Alice.Password)
	w.photo("settings-page", shell.WindowPicture)
	s.saves("Add")
	s.saved("Office", "gateway = "+plan.ServerName, "hub = "+softether.HubOffice, "user = "+softether.Alice.Name)
	w.eventually("the password to be saved", perTest/4, func() error {
		return is("what is saved", w.get("Office", "vpn.secrets"), "password = "+softether.Alice.Password, nil)
	})
	w.shows("Office", "connection.permissions", "user:"+netns.PersonName)
	s.switchesOn("Office")
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
	s.chooses("Authentication", 1)
	s.pressesUntil(s.some("text box", "Number of TCP connections"), "button", "Transport")
	s.types("Number of TCP connections=4")
	s.ticks("Use data compression", 'm')
	w.photo("settings-page-dark", shell.WindowPicture)
	s.saves("Apply")
	s.saved("Office", "hub = "+softether.HubOffice, "user = bob", "auth-type = plain-password", "max-connections = 4", "compression = yes",
		"made-up = kept", "server-cert-sha256 = "+v.Data["server-cert-sha256"])
}

// What is chosen on the page is in force without any other step.
func blocksInSettings(w *world, shell *desktop.Shell) {
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "connection.permissions", "user:"+netns.PersonName))))
	s := w.settings(shell)
	outside := func(place int) {
		w.t.Helper()
		s.opens()
		s.pressesUntil(s.some("combo box", "Traffic outside the VPN"), "button", "Outside the VPN")
		s.chooses("Traffic outside the VPN", place)
		s.saves("Apply")
	}

	outside(1)
	w.awaitStrict("yes, " + plan.ServerAddr.String())
	w.blocked()
	s.switchesOn("office")
	w.comesUp("office")
	w.pings(plan.OfficeInner)
	w.blocked(func() { w.pings(plan.OfficeInner) })

	outside(0)
	w.awaitStrict("")
	w.eventually("the office in the ordinary table", perTest/4, func() error { return w.pingOnce(plan.OfficeInner) })
	w.down("office")
	w.opened()
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
	s.saves("Apply")
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
	s.saves("Add")
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
	s.chooses("Authentication", 2)
	s.types("User name=stored")
	for i, file := range []string{cert, key} {
		w.ok(s.screen.Until(w.ctx, "the file chooser", s.some("button", "Open"), func() error {
			button, err := s.screen.FindNext(w.ctx, i, "button", "Choose")
			if err == nil {
				err = button.Press()
			}
			return err
		}))
		s.picks(file)
	}
	w.photo("settings-certificate", shell.WindowPicture)
	s.saves("Apply")
	s.saved("Office", "auth-type = certificate", "BEGIN CERTIFICATE", "BEGIN RSA PRIVATE KEY")
	w.ok(w.Desktop.Up(w.ctx, "Office"))
	w.pings(plan.OfficeGateway)
}
